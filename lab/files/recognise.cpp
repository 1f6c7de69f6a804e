#include "lab/files/recognise.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "lab/files/stream.hpp"

namespace nelbo::data {
namespace {

/// As many of the first bytes as `head` has room for.
std::string_view read_head(Stream& stream, std::string& head) {
  std::size_t filled = 0;
  while (filled < head.size()) {
    const std::size_t got = stream.read(head.data() + filled, head.size() - filled);
    if (got == 0) break;
    filled += got;
  }
  return std::string_view(head).substr(0, filled);
}

bool is_number(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return false;
  text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

/// True when the line is numbers separated by `separators`. The last field of a cut line is not
/// judged.
bool is_row(std::string_view line, std::string_view separators, bool cut) {
  bool any = false;
  while (!line.empty()) {
    const std::size_t end = line.find_first_of(separators);
    if (end == std::string_view::npos && cut) break;
    const std::string_view field = line.substr(0, end);
    const bool blank = field.find_first_not_of(" \t\r") == std::string_view::npos;
    const bool run_of_blanks = blank && separators != ",";
    if (!run_of_blanks && !is_number(field)) return false;
    any = any || !run_of_blanks;
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  return any;
}

Format recognise_text(std::string_view head, bool cut) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (head.starts_with(byte_order_mark)) head.remove_prefix(byte_order_mark.size());
  const std::size_t first_end = head.find('\n');
  const std::string_view first = head.substr(0, first_end);
  const bool first_cut = cut && first_end == std::string_view::npos;
  if (is_row(first, " \t\r", first_cut)) return Format::amat;
  if (is_row(first, ",", first_cut)) return Format::csv;
  if (first_end == std::string_view::npos) return Format::unknown;
  const std::string_view rest = head.substr(first_end + 1);
  const std::size_t second_end = rest.find('\n');
  const std::string_view second = rest.substr(0, second_end);
  const bool second_cut = cut && second_end == std::string_view::npos;
  const bool columns = first.find(',') != std::string_view::npos;
  if (columns && is_row(second, ",", second_cut)) return Format::csv;
  return Format::unknown;
}

bool is_safetensors(std::string_view head) {
  // The header length has its upper bytes zero, and the JSON header starts behind it.
  return head.size() >= 9 && head.substr(5, 3) == std::string_view("\0\0\0", 3) && head[8] == '{';
}

Format recognise_idx(std::string_view head) {
  if (head.size() < 4 || head[0] != 0 || head[1] != 0) return Format::unknown;
  const char type = head[2], axes = head[3];
  if (type == 0x08) return axes == 1 ? Format::idx_labels : Format::idx_images;
  if (type == 0x0c && (axes == 1 || axes == 2)) return Format::idx_labels;
  constexpr std::string_view others = "\x09\x0b\x0c\x0d\x0e";
  const bool known = others.find(type) != std::string_view::npos && axes >= 1 && axes <= 8;
  return known ? Format::idx_other : Format::unknown;
}

}  // namespace

const char* format_name(Format format) {
  static constexpr const char* names[] = {"unknown", "idx",         "idx",  "idx", "npy",
                                          "npz",     "safetensors", "amat", "csv"};
  return names[std::size_t(format)];
}

Format recognise(const std::shared_ptr<const Input>& input) {
  constexpr std::size_t enough = std::size_t{1} << 16;
  std::string buffer(enough, '\0');
  const auto stream = open_stream(input);
  const std::string_view head = read_head(*stream, buffer);
  if (head.starts_with("\x93NUMPY")) return Format::npy;
  if (head.starts_with("PK\3\4") || head.starts_with("PK\5\6")) return Format::npz;
  if (is_safetensors(head)) return Format::safetensors;
  if (const Format idx = recognise_idx(head); idx != Format::unknown) return idx;
  return recognise_text(head, head.size() == enough);
}

Format recognise_named(const std::shared_ptr<const Input>& input) {
  const Format by_content = recognise(input);
  if (by_content != Format::unknown) return by_content;
  std::string name = input->name();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const std::vector<std::pair<std::string_view, Format>> endings{
      {"-ubyte", Format::idx_images},        {".npy", Format::npy},   {".npz", Format::npz},
      {".safetensors", Format::safetensors}, {".amat", Format::amat}, {".csv", Format::csv}};
  for (const auto& [ending, format] : endings)
    if (name.ends_with(ending)) return format;
  return Format::unknown;
}

}  // namespace nelbo::data
