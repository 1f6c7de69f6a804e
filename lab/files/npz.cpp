#include "lab/files/npz.hpp"

#include <zip.h>

#include <algorithm>

#include "lab/files/internal/fail.hpp"

namespace nelbo::data {
namespace {

/// libzip reads through this callback, so an archive may be a file or a block of memory.
struct ZipSource {
  std::shared_ptr<const Input> input;
  std::uint64_t offset = 0;
  zip_error_t error{};
};

zip_int64_t serve(void* state, void* data, zip_uint64_t length, zip_source_cmd_t command) {
  auto& source = *static_cast<ZipSource*>(state);
  switch (command) {
    case ZIP_SOURCE_OPEN:
      source.offset = 0;
      return 0;
    case ZIP_SOURCE_READ: {
      std::size_t got = 0;
      try {  // no exception may cross the C library
        got = source.input->read_at(source.offset, data, static_cast<std::size_t>(length));
      } catch (const Error&) {
        zip_error_set(&source.error, ZIP_ER_READ, 0);
        return -1;
      }
      source.offset += got;
      return static_cast<zip_int64_t>(got);
    }
    case ZIP_SOURCE_SEEK: {
      const zip_int64_t to = zip_source_seek_compute_offset(source.offset, source.input->size(),
                                                            data, length, &source.error);
      if (to < 0) return -1;
      source.offset = static_cast<std::uint64_t>(to);
      return 0;
    }
    case ZIP_SOURCE_TELL:
      return static_cast<zip_int64_t>(source.offset);
    case ZIP_SOURCE_STAT: {
      auto* stat = static_cast<zip_stat_t*>(data);
      zip_stat_init(stat);
      stat->valid = ZIP_STAT_SIZE;
      stat->size = source.input->size();
      return sizeof(zip_stat_t);
    }
    case ZIP_SOURCE_ERROR:
      return zip_error_to_data(&source.error, data, length);
    case ZIP_SOURCE_SUPPORTS:
      return zip_source_make_command_bitmap(
          ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
          ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
      return 0;
    default:
      zip_error_set(&source.error, ZIP_ER_OPNOTSUPP, 0);
      return -1;
  }
}

class MemberStream final : public Stream {
 public:
  MemberStream(std::string name, zip_file_t* file, std::uint64_t size)
      : Stream(std::move(name)), file_(file), size_(size) {}
  MemberStream(const MemberStream&) = delete;
  MemberStream& operator=(const MemberStream&) = delete;
  ~MemberStream() override { zip_fclose(file_); }

  std::size_t read(void* to, std::size_t count) override {
    const zip_int64_t got = zip_fread(file_, to, count);
    if (got < 0) fail(name(), "damaged member ({})", zip_error_strerror(zip_file_get_error(file_)));
    return static_cast<std::size_t>(got);
  }
  std::uint64_t at_most() const override { return size_; }

 private:
  zip_file_t* file_;
  std::uint64_t size_;
};

std::string without_suffix(const std::string& name) {
  return name.ends_with(".npy") ? name.substr(0, name.size() - 4) : name;
}

}  // namespace

struct Npz::Archive {
  ZipSource source;
  zip_t* zip = nullptr;
  ~Archive() {
    if (zip) zip_discard(zip);
  }
};

Npz::Npz(std::shared_ptr<const Input> input)
    : input_(std::move(input)), archive_(std::make_unique<Archive>()) {
  archive_->source.input = input_;
  zip_error_t error;
  zip_error_init(&error);
  const auto broken = [&] {
    const bool twice = zip_error_code_zip(&error) == ZIP_ER_EXISTS;
    const std::string reason = twice ? "two members of one name" : zip_error_strerror(&error);
    zip_error_fini(&error);
    fail(input_->name(), "damaged zip archive ({})", reason);
  };
  zip_source_t* source = zip_source_function_create(serve, &archive_->source, &error);
  if (source == nullptr) broken();
  archive_->zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (archive_->zip == nullptr) {
    zip_source_free(source);
    broken();
  }
  zip_error_fini(&error);

  std::uint64_t packed = 0;
  const zip_int64_t count = zip_get_num_entries(archive_->zip, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    constexpr auto needed = ZIP_STAT_NAME | ZIP_STAT_COMP_SIZE;
    if (zip_stat_index(archive_->zip, static_cast<zip_uint64_t>(i), 0, &stat) != 0 ||
        (stat.valid & needed) != needed)
      fail(input_->name(), "damaged zip archive (member {} has no entry)", i);
    names_.push_back(without_suffix(stat.name));
    // Members that share bytes are how a small archive claims to hold petabytes.
    if (stat.comp_size > input_->size() - packed)
      fail(input_->name(), "members claim more than the {} bytes of the file: they overlap",
           input_->size());
    packed += stat.comp_size;
  }
}

Npz::~Npz() = default;

bool Npz::has(const std::string& name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

std::unique_ptr<Stream> Npz::open(const std::string& name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  const std::string full = input_->name() + ":" + name;
  if (found == names_.end()) fail(full, "the archive has no such member");
  const auto index = static_cast<zip_uint64_t>(found - names_.begin());
  zip_stat_t stat;
  constexpr auto needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(archive_->zip, index, 0, &stat) != 0 || (stat.valid & needed) != needed)
    fail(full, "damaged zip entry");
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && stat.encryption_method != ZIP_EM_NONE)
    fail(full, "is encrypted");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
    fail(full, "compression method {} is not supported, only stored and deflated",
         stat.comp_method);
  const std::uint64_t expansion = stat.comp_method == ZIP_CM_STORE ? 1 : expansion::deflate_limit;
  if (stat.size / expansion > stat.comp_size)
    fail(full, "claims {} bytes, more than {} compressed bytes can hold", stat.size,
         stat.comp_size);
  const std::uint64_t stored = std::min<std::uint64_t>(stat.comp_size, input_->stored_size());
  if (expansion::is_bomb(stored, stat.size)) expansion::refuse(full, stored, stat.size);
  zip_file_t* file = zip_fopen_index(archive_->zip, index, 0);
  if (file == nullptr)
    fail(full, "cannot be opened ({})", zip_error_strerror(zip_get_error(archive_->zip)));
  return std::make_unique<MemberStream>(full, file, stat.size);
}

NpyHeader Npz::header(const std::string& name) const { return read_npy_header(*open(name)); }

Array Npz::read(const std::string& name) const { return read_npy(*open(name)); }

std::vector<std::string> Npz::read_texts(const std::string& name) const {
  return read_npy_texts(*open(name));
}

}  // namespace nelbo::data
