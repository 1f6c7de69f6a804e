#include "lab/files/npz_write.hpp"

#include <zip.h>

#include <list>
#include <memory>

#include "lab/files/atomic_file.hpp"
#include "lab/files/internal/fail.hpp"
#include "lab/files/npy.hpp"

namespace nelbo {
namespace {

struct CloseSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
struct DiscardZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};

}  // namespace

void write_npz(const std::string& path, const std::map<std::string, data::ArrayView>& arrays) {
  zip_error_t error;
  zip_error_init(&error);
  const auto check = [&](bool good, const char* action) {
    if (!good) data::fail(path, "{} the .npz archive failed", action);
  };
  const std::unique_ptr<zip_source_t, CloseSource> memory(
      zip_source_buffer_create(nullptr, 0, 0, &error));
  check(memory != nullptr, "creating");
  zip_source_keep(memory.get());  // one reference is the archive's
  std::unique_ptr<zip_t, DiscardZip> zip(zip_open_from_source(memory.get(), ZIP_TRUNCATE, &error));
  if (zip == nullptr) zip_source_free(memory.get());
  check(zip != nullptr, "creating");

  std::list<std::string> contents;  // must outlive zip_close
  for (const auto& [name, array] : arrays) {
    std::string& content = contents.emplace_back(data::npy_header(array));
    content.append(static_cast<const char*>(array.data),
                   data::checked_bytes(path, array.type, array.shape));
    zip_source_t* source = zip_source_buffer(zip.get(), content.data(), content.size(), 0);
    check(source != nullptr, "filling");
    const zip_int64_t index =
        zip_file_add(zip.get(), (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) zip_source_free(source);
    check(index >= 0, "filling");
    const auto at = static_cast<zip_uint64_t>(index);
    constexpr zip_uint16_t no_time = 0, first_day = (1 << 5) | 1;  // 1980-01-01
    check(zip_set_file_compression(zip.get(), at, ZIP_CM_STORE, 0) == 0 &&
              zip_file_set_dostime(zip.get(), at, no_time, first_day, 0) == 0,
          "filling");
  }
  check(zip_close(zip.get()) == 0, "writing");
  (void)zip.release();  // zip_close freed it

  check(zip_source_open(memory.get()) == 0, "writing");
  AtomicFile file(path);
  std::string buffer(std::size_t{1} << 16, '\0');
  zip_int64_t got;
  while ((got = zip_source_read(memory.get(), buffer.data(), buffer.size())) > 0)
    file.write(buffer.data(), static_cast<std::size_t>(got));
  zip_source_close(memory.get());
  check(got == 0, "writing");
  file.commit();
}

}  // namespace nelbo
