#include "lab/files/npy.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "lab/files/internal/fail.hpp"

namespace nelbo::data {
namespace {

/// NumPy's names of the element types, in the order of StoredType.
constexpr std::array<std::string_view, 6> codes{"b1", "u1", "i4", "i8", "f4", "f8"};

/// The header is a Python dictionary literal:
///
///     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderText {
 public:
  HeaderText(const std::string& file, std::string_view text) : file_(file), text_(text) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_type = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !has_type) {
        read_type(header);
        has_type = true;
      } else if (key == "fortran_order" && !has_order) {
        header.fortran_order = boolean();
        has_order = true;
      } else if (key == "shape" && !has_shape) {
        header.shape = tuple();
        has_shape = true;
      } else {
        broken();
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!has_type || !has_order || !has_shape) broken();
    return header;
  }

 private:
  [[noreturn]] void broken() const {
    fail(file_, "malformed .npy header near position {}", position_);
  }
  void skip_space() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n'))
      ++position_;
  }
  bool accept(char c) {
    skip_space();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) broken();
  }
  std::string_view quoted() {
    skip_space();
    if (position_ >= text_.size()) broken();
    const char quote = text_[position_];
    if (quote != '\'' && quote != '"') broken();
    const std::size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) broken();
    const std::string_view inside = text_.substr(position_ + 1, end - position_ - 1);
    position_ = end + 1;
    return inside;
  }
  bool boolean() {
    skip_space();
    for (const auto& [word, value] : {std::pair{"True", true}, std::pair{"False", false}})
      if (text_.substr(position_).starts_with(word)) {
        position_ += std::strlen(word);
        return value;
      }
    broken();
  }
  std::vector<std::int64_t> tuple() {
    constexpr std::size_t most_axes = 64;  // NumPy's own limit
    std::vector<std::int64_t> shape;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::int64_t size = 0;
      const char* begin = text_.data() + position_;
      const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), size);
      if (error != std::errc() || shape.size() == most_axes) broken();
      position_ += static_cast<std::size_t>(end - begin);
      shape.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }
  void read_type(NpyHeader& header) {
    skip_space();
    if (position_ < text_.size() && text_[position_] == '[') {  // a record type: skip its list
      header.type_text = "record";
      int depth = 0;
      do {
        if (position_ >= text_.size()) broken();
        const char c = text_[position_];
        if (c == '\'' || c == '"') {
          quoted();
          continue;
        }
        depth += c == '[' || c == '(' ? 1 : c == ']' || c == ')' ? -1 : 0;
        ++position_;
      } while (depth > 0);
      return;
    }
    header.type_text = quoted();
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const std::string_view text = header.type_text;
      const bool order = text.size() == 3 && (text[0] == '<' || item_size(StoredType(i)) == 1);
      if (order && text.substr(1) == codes[i]) {
        header.type = StoredType(i);
        header.readable = true;
      }
    }
  }

  const std::string& file_;
  std::string_view text_;
  std::size_t position_ = 0;
};

/// Reorders a Fortran-order (first axis fastest) block into row-major order.
template <class T>
Bytes to_row_major(const Bytes& from, const std::vector<std::int64_t>& shape) {
  Bytes to;
  to.resize(from.size());
  std::vector<std::int64_t> stride(shape.size()), index(shape.size(), 0);
  std::int64_t step = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    stride[axis] = step;
    step *= shape[axis];
  }
  std::int64_t source = 0;
  for (std::size_t target = 0; target < from.size(); target += sizeof(T)) {
    std::memcpy(to.data() + target, from.data() + static_cast<std::size_t>(source) * sizeof(T),
                sizeof(T));
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      source += stride[axis];
      if (++index[axis] < shape[axis]) break;
      source -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return to;
}

}  // namespace

NpyHeader read_npy_header(Stream& stream) {
  constexpr std::uint32_t longest_header = 1u << 20;
  std::array<unsigned char, 8> start{};
  stream.read_exact(start.data(), start.size(), "the .npy magic number");
  if (std::memcmp(start.data(), "\x93NUMPY", 6) != 0) fail(stream.name(), "wrong .npy magic");
  const unsigned version = start[6];
  if (version < 1 || version > 3)
    fail(stream.name(), ".npy format version {} is not known", version);
  std::array<unsigned char, 4> size{};
  stream.read_exact(size.data(), version == 1 ? 2 : 4, "the .npy header length");
  const std::uint32_t length = size[0] | size[1] << 8 | static_cast<std::uint32_t>(size[2]) << 16 |
                               static_cast<std::uint32_t>(size[3]) << 24;
  if (length > longest_header) fail(stream.name(), "absurd .npy header length {}", length);
  std::string text(length, '\0');
  stream.read_exact(text.data(), text.size(), "the .npy header");
  return HeaderText(stream.name(), text).parse();
}

std::string npy_header(const ArrayView& array) {
  return npy_header(
      fmt::format("{}{}", item_size(array.type) == 1 ? '|' : '<', codes[std::size_t(array.type)]),
      array.shape);
}

std::string npy_header(const std::string& type, const std::vector<std::int64_t>& shape) {
  constexpr std::size_t alignment = 64, before_text = 10;
  std::string sizes;
  for (const std::int64_t size : shape) sizes += std::to_string(size) + ", ";
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, sizes);
  text.append(alignment - (before_text + text.size() + 1) % alignment, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

Array read_npy(Stream& stream) {
  NpyHeader header = read_npy_header(stream);
  if (!header.readable)
    fail(stream.name(),
         "element type '{}' cannot be read; convert to bool, uint8, int32, int64, float32 or "
         "float64 (little-endian)",
         header.type_text);
  Array array;
  array.type = header.type;
  array.shape = std::move(header.shape);
  const std::uint64_t bytes = checked_bytes(stream.name(), array.type, array.shape);
  array.bytes = stream.read_block(bytes, shape_text(array.shape) + " values");
  stream.expect_end();
  if (header.fortran_order && array.shape.size() > 1) {
    switch (item_size(array.type)) {
      case 1:
        array.bytes = to_row_major<std::uint8_t>(array.bytes, array.shape);
        break;
      case 4:
        array.bytes = to_row_major<std::uint32_t>(array.bytes, array.shape);
        break;
      default:
        array.bytes = to_row_major<std::uint64_t>(array.bytes, array.shape);
        break;
    }
  }
  return array;
}

}  // namespace nelbo::data
