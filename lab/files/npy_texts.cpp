#include <charconv>

#include "lab/files/internal/fail.hpp"
#include "lab/files/npy.hpp"

namespace nelbo::data {
namespace {

constexpr std::uint64_t most_texts = std::uint64_t{1} << 20, longest_text = 4096;

/// How texts of an element type lie in the file: "<U5" is 5 numbers of 32 bits, "|S5" 5 bytes.
struct TextType {
  std::uint64_t length = 0, width = 0;
};

TextType text_type(const std::string& file, const std::string& type) {
  TextType of;
  const char* const end = type.data() + type.size();
  const bool unicode = type.starts_with("<U"), bytes = type.starts_with("|S");
  if ((unicode || bytes) && std::from_chars(type.data() + 2, end, of.length).ptr == end &&
      of.length > 0 && of.length <= longest_text) {
    of.width = unicode ? 4 : 1;
    return of;
  }
  fail(file, "element type '{}' is no text", type);
}

void append_utf8(std::string& to, std::uint32_t c) {
  if (c < 0x80) {
    to += char(c);
    return;
  }
  if (c > 0x10ffff) c = 0xfffd;
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
  to += char(first[more] | (c >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) to += char(0x80 | ((c >> (6 * i)) & 0x3f));
}

}  // namespace

std::vector<std::string> read_npy_texts(Stream& stream) {
  const NpyHeader header = read_npy_header(stream);
  const TextType type = text_type(stream.name(), header.type_text);
  const std::uint64_t count = checked_bytes(stream.name(), StoredType::uint8, header.shape);
  if (count > most_texts) fail(stream.name(), "holds {} texts, more than {}", count, most_texts);
  const Bytes bytes =
      stream.read_block(count * type.length * type.width, shape_text(header.shape) + " texts");
  stream.expect_end();
  std::vector<std::string> texts(count);
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  for (std::string& text : texts) {
    for (std::uint64_t i = 0; i < type.length; ++i, at += type.width) {
      std::uint32_t c = at[0];
      if (type.width == 4) {
        c |= std::uint32_t(at[1]) << 8 | std::uint32_t(at[2]) << 16 | std::uint32_t(at[3]) << 24;
      }
      if (c != 0) append_utf8(text, c);
    }
  }
  return texts;
}

}  // namespace nelbo::data
