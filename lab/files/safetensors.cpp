#include "lab/files/safetensors.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "lab/files/atomic_file.hpp"
#include "lab/files/internal/fail.hpp"
#include "lab/files/internal/safetensors_header.hpp"
#include "lab/files/stream.hpp"
#include "lab/files/xxh64.hpp"

namespace nelbo::safetensors {
namespace {

using data::StoredType;

constexpr std::array<std::pair<const char*, StoredType>, 6> readable_types{
    {{"BOOL", StoredType::boolean},
     {"U8", StoredType::uint8},
     {"I32", StoredType::int32},
     {"I64", StoredType::int64},
     {"F32", StoredType::float32},
     {"F64", StoredType::float64}}};

constexpr std::array<std::pair<const char*, std::uint64_t>, 9> other_types{{{"F16", 2},
                                                                            {"BF16", 2},
                                                                            {"I8", 1},
                                                                            {"I16", 2},
                                                                            {"U16", 2},
                                                                            {"U32", 4},
                                                                            {"U64", 8},
                                                                            {"F8_E4M3", 1},
                                                                            {"F8_E5M2", 1}}};

std::optional<StoredType> stored_type(const std::string& dtype) {
  for (const auto& [name, type] : readable_types)
    if (dtype == name) return type;
  return std::nullopt;
}

const char* dtype_name(StoredType type) {
  for (const auto& [name, known] : readable_types)
    if (known == type) return name;
  return "";
}

std::uint64_t bytes_of(const std::string& file, const std::string& tensor, const Entry& entry) {
  if (const auto type = stored_type(entry.dtype))
    return data::checked_bytes(file + ":" + tensor, *type, entry.shape);
  for (const auto& [name, size] : other_types)
    if (entry.dtype == name)
      return size * data::checked_bytes(file + ":" + tensor, StoredType::uint8, entry.shape);
  data::fail(file, "tensor '{}' has the unknown dtype '{}'", tensor, entry.dtype);
}

/// Every byte of the data part must belong to exactly one tensor.
void check_offsets(const std::string& file, const std::map<std::string, Entry>& entries,
                   std::uint64_t data_size) {
  std::vector<std::pair<const std::string*, const Entry*>> order;
  for (const auto& [name, entry] : entries) order.emplace_back(&name, &entry);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second->begin, a.second->end) < std::pair(b.second->begin, b.second->end);
  });
  std::uint64_t next = 0;
  for (const auto& [name, entry] : order) {
    if (entry->end < entry->begin || entry->end > data_size)
      data::fail(file, "offsets {}..{} of tensor '{}' lie outside the {} bytes of data",
                 entry->begin, entry->end, *name, data_size);
    if (entry->begin < next)
      data::fail(file, "tensor '{}' overlaps the one before it at byte {}", *name, entry->begin);
    if (entry->begin > next)
      data::fail(file, "bytes {}..{} of the data belong to no tensor", next, entry->begin);
    const std::uint64_t needed = bytes_of(file, *name, *entry);
    if (entry->end - entry->begin != needed)
      data::fail(file, "tensor '{}' of shape {} and dtype {} needs {} bytes, its offsets give {}",
                 *name, data::shape_text(entry->shape), entry->dtype, needed,
                 entry->end - entry->begin);
    next = entry->end;
  }
  if (next != data_size) data::fail(file, "{} bytes follow the last tensor", data_size - next);
}

/// A slice of an input as a stream, for Stream's checks of promised sizes.
class Slice final : public data::Stream {
 public:
  Slice(std::string name, const data::Input& input, std::uint64_t begin, std::uint64_t end)
      : Stream(std::move(name)), input_(input), position_(begin), end_(end) {}
  std::size_t read(void* to, std::size_t count) override {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(count, end_ - position_));
    const std::size_t got = input_.read_at(position_, to, count);
    position_ += got;
    return got;
  }
  std::uint64_t at_most() const override { return end_ - position_; }

 private:
  const data::Input& input_;
  std::uint64_t position_, end_;
};

constexpr const char* digest_key = "nelbo_digest";

/// The digest of a file: what its metadata say but for the digest, then of every tensor, by name,
/// what it is called, its type, shape and bytes.
class Digest {
 public:
  explicit Digest(const Metadata& metadata) {
    for (const auto& [key, value] : metadata) {
      if (key == digest_key) continue;
      add(key);
      add(value);
    }
  }
  void begin(const std::string& name, const std::string& dtype,
             const std::vector<std::int64_t>& shape) {
    add(name);
    add(dtype);
    add(data::shape_text(shape));
  }
  void bytes(const void* data, std::size_t size) { hash_.update(data, size); }
  std::string text() const { return "xxh64:" + hash_.hex(); }

 private:
  /// With the zero that ends it, so that "ab", "c" is not "a", "bc".
  void add(const std::string& text) { hash_.update(text.c_str(), text.size() + 1); }
  Xxh64 hash_;
};

}  // namespace

bool is_readable(const std::string& dtype) { return stored_type(dtype).has_value(); }

void write(const std::string& path, const Views& tensors, const Metadata& metadata) {
  constexpr std::size_t alignment = 64;
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  Digest digest(metadata);
  for (const auto& [name, view] : tensors) {
    digest.begin(name, dtype_name(view.type), view.shape);
    digest.bytes(view.data, data::checked_bytes(path, view.type, view.shape));
  }
  Metadata all = metadata;
  all[digest_key] = digest.text();
  header["__metadata__"] = all;
  std::uint64_t offset = 0;
  for (const auto& [name, view] : tensors) {
    const std::uint64_t size = data::checked_bytes(path, view.type, view.shape);
    header[name] = {{"dtype", dtype_name(view.type)},
                    {"shape", view.shape},
                    {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.append((alignment - (text.size() + 8) % alignment) % alignment, ' ');

  std::array<unsigned char, 8> length{};
  for (unsigned i = 0; i < length.size(); ++i)
    length[i] = static_cast<unsigned char>(text.size() >> (8 * i));
  AtomicFile file(path);
  file.write(length.data(), length.size());
  file.write(text.data(), text.size());
  for (const auto& [name, view] : tensors)
    file.write(view.data, data::checked_bytes(path, view.type, view.shape));
  file.commit();
}

Reader::Reader(const std::string& path) : Reader(data::Input::open(path)) {}

Reader::Reader(std::shared_ptr<const data::Input> input) : input_(std::move(input)) {
  constexpr std::uint64_t longest_header = 100'000'000;
  const std::string& file = input_->name();
  std::array<unsigned char, 8> start{};
  if (input_->read_at(0, start.data(), start.size()) != start.size())
    data::fail(file, "truncated: a safetensors file starts with 8 bytes of header length");
  std::uint64_t length = 0;
  for (unsigned i = 0; i < start.size(); ++i) length |= std::uint64_t{start[i]} << (8 * i);
  if (length > longest_header)
    data::fail(file, "absurd safetensors header length {} (at most {})", length, longest_header);
  Slice slice(file, *input_, start.size(), std::max<std::uint64_t>(input_->size(), start.size()));
  const data::Bytes text = slice.read_block(length, "a JSON header");
  Header header = parse_header(
      file, {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)});
  data_start_ = start.size() + length;
  check_offsets(file, header.entries, input_->size() - data_start_);
  entries_ = std::move(header.entries);
  metadata_ = std::move(header.metadata);
}

std::string Reader::verify() const {
  const auto given = metadata_.find(digest_key);
  if (given == metadata_.end()) {
    return "holds no digest, as files of other programs and of nelbo 0.1.0 do not; damage to its "
           "numbers would not be noticed";
  }
  if (data::expansion::is_bomb(input_->stored_size(), input_->size())) {
    data::expansion::refuse(input_->name(), input_->stored_size(), input_->size());
  }
  Digest digest(metadata_);
  std::vector<std::byte> block(std::size_t{1} << 16);
  for (const auto& [name, entry] : entries_) {
    digest.begin(name, entry.dtype, entry.shape);
    for (std::uint64_t at = entry.begin; at < entry.end;) {
      const std::uint64_t wanted = std::min<std::uint64_t>(block.size(), entry.end - at);
      const std::size_t got = input_->read_at(data_start_ + at, block.data(), wanted);
      if (got == 0) break;  // cut off since the header was read: the digest tells
      digest.bytes(block.data(), got);
      at += got;
    }
  }
  if (digest.text() != given->second) {
    data::fail(input_->name(),
               "is damaged: its content has the digest {}, not {} as when it was "
               "written; put an undamaged copy in its place",
               digest.text(), given->second);
  }
  return "";
}

data::Array Reader::read(const std::string& name) const {
  const std::string full = input_->name() + ":" + name;
  const auto found = entries_.find(name);
  if (found == entries_.end()) data::fail(full, "the file has no such tensor");
  const Entry& entry = found->second;
  const auto type = stored_type(entry.dtype);
  if (!type)
    data::fail(full, "dtype {} cannot be read; convert to BOOL, U8, I32, I64, F32 or F64",
               entry.dtype);
  if (data::expansion::is_bomb(input_->stored_size(), entry.end - entry.begin))
    data::expansion::refuse(full, input_->stored_size(), entry.end - entry.begin);
  Slice slice(full, *input_, data_start_ + entry.begin, data_start_ + entry.end);
  return {*type, entry.shape,
          slice.read_block(entry.end - entry.begin, data::shape_text(entry.shape) + " values")};
}

}  // namespace nelbo::safetensors
