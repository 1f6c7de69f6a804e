#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "lab/files/bytes.hpp"
#include "lab/files/input.hpp"

namespace nelbo::data {

/// Content above `free_bytes` may be at most `most_expansion` times as long as what is stored of
/// it. Deflate reaches 1032 on zeros; sparse binary images (dSprites) reach about 180. Beyond is a
/// bomb, not data.
namespace expansion {
inline constexpr std::uint64_t free_bytes = std::uint64_t{64} << 20;
inline constexpr std::uint64_t most_expansion = 300;
inline constexpr std::uint64_t deflate_limit = 1032;
bool is_bomb(std::uint64_t stored, std::uint64_t unpacked);
[[noreturn]] void refuse(const std::string& file, std::uint64_t stored, std::uint64_t unpacked);
}  // namespace expansion

/// Bytes in order, as they come out of a plain file, a gzip file or an archive member.
class Stream {
 public:
  virtual ~Stream() = default;
  const std::string& name() const { return name_; }

  /// Reads up to `count` bytes; 0 only at the end. Throws Error for damaged or bomb-like content.
  virtual std::size_t read(void* to, std::size_t count) = 0;
  /// No more bytes than this can ever come: what a header promises is checked against it first.
  virtual std::uint64_t at_most() const = 0;

  /// Reads exactly `count` bytes, or throws Error "truncated <what>".
  void read_exact(void* to, std::size_t count, const char* what);
  /// Reads `count` bytes that a header promised into memory that grows as they arrive.
  Bytes read_block(std::uint64_t count, const std::string& what);
  /// Throws Error when anything follows.
  void expect_end();

 protected:
  explicit Stream(std::string name) : name_(std::move(name)) {}

 private:
  void grow(Bytes& block, std::uint64_t size) const;
  std::string name_;
};

/// Reads `input` from its start; gzip content (also several members in a row) is unpacked.
std::unique_ptr<Stream> open_stream(std::shared_ptr<const Input> input);

bool is_gzip(const Input& input);

}  // namespace nelbo::data
