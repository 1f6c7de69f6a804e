#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace nelbo {

/// XXH64 with seed 0, of bytes that arrive in pieces (Collet's xxHash, specification 0.1.1): finds
/// accidents, several GB a second. Whoever must not be fooled takes Sha256.
class Xxh64 {
 public:
  void update(const void* data, std::size_t size);
  /// The hash as 16 hexadecimal digits.
  std::string hex() const;

 private:
  void stripe(const unsigned char* bytes);

  static constexpr std::uint64_t prime1 = 0x9e3779b185ebca87, prime2 = 0xc2b2ae3d27d4eb4f;
  std::array<std::uint64_t, 4> lanes_{prime1 + prime2, prime2, 0, 0 - prime1};
  std::array<unsigned char, 32> pending_{};
  std::size_t pending_size_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace nelbo
