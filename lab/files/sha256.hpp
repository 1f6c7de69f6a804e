#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace nelbo {

/// SHA-256 (FIPS 180-4) of bytes that arrive in pieces.
class Sha256 {
 public:
  void update(const void* data, std::size_t size);
  /// The digest as 64 hexadecimal digits. Call once, last.
  std::string hex();

 private:
  void block(const unsigned char* bytes);
  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> pending_{};
  std::size_t pending_size_ = 0;
  std::uint64_t total_ = 0;
};

/// SHA-256 of a file, as `sha256sum` prints it. Throws Error naming the file.
std::string sha256_of_file(const std::string& path);

}  // namespace nelbo
