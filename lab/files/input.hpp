#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace nelbo::data {

/// A file (or a block of memory, for the tests and fuzzers of the parsers) that can be read at any
/// offset.
class Input {
 public:
  /// Opens a regular file for reading; throws Error naming it otherwise.
  static std::shared_ptr<const Input> open(const std::string& path);
  /// Reads from memory that the caller keeps alive.
  static std::shared_ptr<const Input> from_memory(std::string name,
                                                  std::span<const std::byte> memory);
  virtual ~Input() = default;

  const std::string& name() const { return name_; }  ///< for error messages
  std::uint64_t size() const { return size_; }
  /// Bytes that really are stored: less than size() for a file with holes.
  std::uint64_t stored_size() const { return stored_size_; }

  /// Reads up to `count` bytes at `offset`; returns fewer only at the end. Throws Error on I/O
  /// errors.
  virtual std::size_t read_at(std::uint64_t offset, void* to, std::size_t count) const = 0;

 protected:
  Input(std::string name, std::uint64_t size, std::uint64_t stored_size)
      : name_(std::move(name)), size_(size), stored_size_(stored_size) {}

 private:
  std::string name_;
  std::uint64_t size_;
  std::uint64_t stored_size_;
};

}  // namespace nelbo::data
