#include "lab/files/stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include "lab/files/internal/fail.hpp"

namespace nelbo::data {

bool expansion::is_bomb(std::uint64_t stored, std::uint64_t unpacked) {
  return unpacked > free_bytes && unpacked / most_expansion > stored;
}

void expansion::refuse(const std::string& file, std::uint64_t stored, std::uint64_t unpacked) {
  fail(file, "{} stored bytes unpack to {} or more, over {} times as many: refused as a bomb",
       stored, unpacked, most_expansion);
}

void Stream::read_exact(void* to, std::size_t count, const char* what) {
  std::size_t done = 0;
  while (done < count) {
    const std::size_t got = read(static_cast<std::byte*>(to) + done, count - done);
    if (got == 0) fail(name_, "truncated: {} needs {} bytes, {} are there", what, count, done);
    done += got;
  }
}

void Stream::grow(Bytes& block, std::uint64_t size) const {
  try {
    block.resize(static_cast<std::size_t>(size));
  } catch (const std::bad_alloc&) {
    fail(name_, "not enough memory for {} bytes", size);
  }
}

Bytes Stream::read_block(std::uint64_t count, const std::string& what) {
  if (count > at_most())
    fail(name_, "the header promises {} ({} bytes), but the file can hold at most {} bytes", what,
         count, at_most());
  constexpr std::uint64_t first_step = std::uint64_t{1} << 20;
  Bytes block;
  std::uint64_t done = 0;
  while (done < count) {
    if (done == block.size()) grow(block, std::min(count, std::max(first_step, 2 * done)));
    const std::size_t got = read(block.data() + done, block.size() - done);
    if (got == 0)
      fail(name_, "truncated: the header promises {} ({} bytes), {} are there", what, count, done);
    done += got;
  }
  return block;
}

void Stream::expect_end() {
  std::byte extra;
  if (read(&extra, 1) != 0) fail(name_, "holds more bytes than its header promises");
}

namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(std::shared_ptr<const Input> input)
      : Stream(input->name()), input_(std::move(input)) {}

  std::size_t read(void* to, std::size_t count) override {
    const std::size_t got = input_->read_at(offset_, to, count);
    offset_ += got;
    return got;
  }

  std::uint64_t at_most() const override {
    // A file that is nearly all hole is a bomb too.
    const bool holes = expansion::is_bomb(input_->stored_size(), input_->size());
    return holes ? input_->stored_size() : input_->size();
  }

 private:
  std::shared_ptr<const Input> input_;
  std::uint64_t offset_ = 0;
};

class GzipStream final : public Stream {
 public:
  explicit GzipStream(std::shared_ptr<const Input> input)
      : Stream(input->name()), input_(std::move(input)), packed_(std::size_t{1} << 16) {
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(&state_, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() override { inflateEnd(&state_); }

  std::size_t read(void* to, std::size_t count) override {
    constexpr std::size_t step = std::size_t{1} << 20;
    count = std::min(count, step);
    state_.next_out = static_cast<Bytef*>(to);
    state_.avail_out = static_cast<uInt>(count);
    while (state_.avail_out == count) {
      if (state_.avail_in == 0) refill();
      if (at_member_end_) {
        if (state_.avail_in == 0) return 0;
        inflateReset(&state_);
        at_member_end_ = false;
      }
      if (state_.avail_in == 0) fail(name(), "truncated gzip data");
      const int status = inflate(&state_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        at_member_end_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        fail(name(), "damaged gzip data ({})", state_.msg ? state_.msg : "bad header");
      }
    }
    const std::size_t got = count - state_.avail_out;
    unpacked_ += got;
    const std::uint64_t consumed = offset_ - state_.avail_in;
    if (expansion::is_bomb(consumed, unpacked_)) expansion::refuse(name(), consumed, unpacked_);
    return got;
  }

  std::uint64_t at_most() const override {
    const std::uint64_t stored = input_->stored_size();
    constexpr std::uint64_t room = ~std::uint64_t{0} / expansion::deflate_limit;
    return std::min(stored, room) * expansion::deflate_limit;
  }

 private:
  void refill() {
    const std::size_t got = input_->read_at(offset_, packed_.data(), packed_.size());
    offset_ += got;
    state_.next_in = packed_.data();
    state_.avail_in = static_cast<uInt>(got);
  }

  std::shared_ptr<const Input> input_;
  std::vector<Bytef> packed_;
  z_stream state_{};
  std::uint64_t offset_ = 0;
  std::uint64_t unpacked_ = 0;
  bool at_member_end_ = false;
};

}  // namespace

bool is_gzip(const Input& input) {
  std::array<unsigned char, 2> magic{};
  return input.read_at(0, magic.data(), magic.size()) == magic.size() && magic[0] == 0x1f &&
         magic[1] == 0x8b;
}

std::unique_ptr<Stream> open_stream(std::shared_ptr<const Input> input) {
  if (is_gzip(*input)) return std::make_unique<GzipStream>(std::move(input));
  return std::make_unique<PlainStream>(std::move(input));
}

}  // namespace nelbo::data
