#include "lab/files/text_table.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "autodiff/number_of.hpp"
#include "lab/files/internal/fail.hpp"

namespace nelbo::data {
namespace {

/// Characters of a stream, one at a time.
class Characters {
 public:
  explicit Characters(Stream& stream) : stream_(stream), buffer_(std::size_t{1} << 16) {}
  static constexpr int end = -1;

  int peek() {
    if (position_ == filled_ && !refill()) return end;
    return static_cast<unsigned char>(buffer_[position_]);
  }
  void skip() {
    if (position_ < filled_) ++position_;
  }

 private:
  bool refill() {
    position_ = 0;
    filled_ = stream_.read(buffer_.data(), buffer_.size());
    return filled_ > 0;
  }
  Stream& stream_;
  std::vector<char> buffer_;
  std::size_t position_ = 0, filled_ = 0;
};

/// Values in one byte each for as long as they fit, then as float32.
class Values {
 public:
  void add(double value) {
    const bool small = value >= 0 && value <= 255 && value == std::floor(value);
    if (type_ == StoredType::uint8 && !small) widen();
    const std::size_t size = item_size(type_);
    if (used_ + size > bytes_.size())
      bytes_.resize(std::max(std::size_t{1} << 16, 2 * bytes_.size()));
    if (type_ == StoredType::uint8) {
      bytes_.data()[used_] = static_cast<std::byte>(value);
    } else {
      const auto narrow = static_cast<float>(value);
      std::memcpy(bytes_.data() + used_, &narrow, size);
    }
    used_ += size;
  }
  std::size_t count() const { return used_ / item_size(type_); }
  Array finish(std::vector<std::int64_t> shape) {
    bytes_.resize(used_);
    return {type_, std::move(shape), std::move(bytes_)};
  }

 private:
  void widen() {
    Bytes wide;
    wide.resize(std::max(std::size_t{1} << 16, used_ * sizeof(float)));
    for (std::size_t i = 0; i < used_; ++i) {
      const auto value = static_cast<float>(std::to_integer<int>(bytes_.data()[i]));
      std::memcpy(wide.data() + i * sizeof(float), &value, sizeof(float));
    }
    bytes_ = std::move(wide);
    used_ *= sizeof(float);
    type_ = StoredType::float32;
  }
  StoredType type_ = StoredType::uint8;
  Bytes bytes_;
  std::size_t used_ = 0;
};

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<double> number(std::string_view text) {
  text = trimmed(text);
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '9') return text[0] - '0';
  if (text.starts_with('+')) text.remove_prefix(1);
  return number_of<double>(text);
}

/// NaN, NA or nothing.
bool says_missing(std::string_view text, std::optional<double> value) {
  if (value) return std::isnan(*value);
  const std::string_view word = trimmed(text);
  return word.empty() || word == "NA" || word == "N/A" || word == "\"\"";
}

class TableReader {
 public:
  TableReader(Stream& stream, bool commas, const Apart& apart, bool missing)
      : file_(stream.name()),
        characters_(stream),
        commas_(commas),
        missing_(missing),
        apart_(apart) {}

  TextTable read() {
    if (commas_) read_header();
    while (characters_.peek() != Characters::end) {
      ++line_;
      read_row();
    }
    if (rows_ == 0) fail(file_, "holds no rows of numbers");
    const auto columns = static_cast<std::int64_t>(values_.count()) / rows_;
    return {values_.finish({rows_, columns}), std::move(names_), std::move(columns_apart_)};
  }

 private:
  static constexpr std::size_t longest_field = 256, longest_shown = 40;

  bool at_line_end() {
    const int c = characters_.peek();
    return c == '\n' || c == Characters::end;
  }
  void skip_blanks() {
    for (int c = characters_.peek(); c == ' ' || c == '\t' || c == '\r'; c = characters_.peek())
      characters_.skip();
  }

  /// One field up to the separator, which is left in place.
  std::string_view field() {
    field_.clear();
    for (int c = characters_.peek(); c != '\n' && c != Characters::end; c = characters_.peek()) {
      if (commas_ ? c == ',' : c == ' ' || c == '\t' || c == '\r') break;
      if (field_.size() == longest_field) fail(file_, "line {}: a field is too long", line_);
      field_.push_back(static_cast<char>(c));
      characters_.skip();
    }
    return field_;
  }

  std::vector<std::string> fields_of_line() {
    constexpr std::size_t most_fields = std::size_t{1} << 20;
    std::vector<std::string> fields;
    while (true) {
      fields.emplace_back(trimmed(field()));
      if (fields.size() > most_fields) fail(file_, "line {}: too many fields", line_);
      if (characters_.peek() != ',') break;
      characters_.skip();
    }
    characters_.skip();
    return fields;
  }

  /// The first line is read whole: names make it a header, numbers its first row.
  void read_header() {
    ++line_;
    std::vector<std::string> fields = fields_of_line();
    if (fields.front().starts_with("\xef\xbb\xbf")) fields.front().erase(0, 3);
    bool all_numbers = true;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      std::string& name = fields[i];
      const auto value = number(name);
      all_numbers = all_numbers && (value || (missing_ && says_missing(name, value)));
      if (name.size() >= 2 && name.front() == '"' && name.back() == '"')
        name = name.substr(1, name.size() - 2);
    }
    columns_ = fields.size();
    if (!all_numbers) {
      names_ = std::move(fields);
      return;
    }
    for (std::size_t i = 0; i < fields.size(); ++i) add(fields[i], i);
    ++rows_;
  }

  void read_row() {
    skip_blanks();
    if (at_line_end()) {  // blank lines separate nothing
      characters_.skip();
      return;
    }
    std::size_t column = 0;
    while (true) {
      add(field(), column++);
      if (!commas_) skip_blanks();
      if (at_line_end()) break;
      if (commas_) characters_.skip();
    }
    characters_.skip();
    if (rows_ == 0 && columns_ == 0) columns_ = column;
    if (column != columns_)
      fail(file_, "line {} has {} values, the lines before it {}", line_, column, columns_);
    ++rows_;
  }

  void add(std::string_view text, std::size_t column) {
    if (rows_ == 0) place(column);
    const std::optional<double> value = number(text);
    if (const int at = column < places_.size() ? places_[column] : -1; at >= 0) {
      TableColumn& apart = columns_apart_[std::size_t(at)];
      if (value) {
        apart.numbers.push_back(*value);
      } else if (!apart.text) {
        apart.text = trimmed(text).substr(0, longest_shown);
      }
      return;
    }
    if (missing_ && says_missing(text, value))
      return values_.add(std::numeric_limits<double>::quiet_NaN());
    if (!value)
      fail(file_,
           "line {}, column {}: '{}' is not a number; a column of texts is left out by the setting "
           "label",
           line_, column + 1, text.substr(0, longest_shown));
    if (!(std::abs(*value) <= std::numeric_limits<float>::max()))
      fail(file_, "line {}, column {}: '{}' is not a finite number within float32's range", line_,
           column + 1, trimmed(text));
    values_.add(*value);
  }

  /// Of the first row: whether the column is one of values or kept apart.
  void place(std::size_t column) {
    const bool apart = apart_(names_, column);
    places_.push_back(apart ? int(columns_apart_.size()) : -1);
    if (apart)
      columns_apart_.push_back({column < names_.size() ? names_[column] : "", column, {}, {}});
  }

  std::string file_;
  Characters characters_;
  bool commas_;
  bool missing_;
  std::string field_;
  std::size_t line_ = 0;
  std::size_t columns_ = 0;
  const Apart& apart_;
  std::vector<std::string> names_;
  std::vector<int> places_;  // of each column among those apart, or -1
  std::int64_t rows_ = 0;
  Values values_;
  std::vector<TableColumn> columns_apart_;
};

}  // namespace

TextTable read_amat(Stream& stream, const Apart& apart, bool missing) {
  return TableReader(stream, false, apart, missing).read();
}

TextTable read_csv(Stream& stream, const Apart& apart, bool missing) {
  return TableReader(stream, true, apart, missing).read();
}

}  // namespace nelbo::data
