#pragma once
// Files for the tests of the data readers, built byte by byte: none of nelbo's own writers is used
// here.
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace nelbo::tests {

/// A folder of its own that is removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nelbo-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }

  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& content) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

 private:
  std::string path_;
};

inline std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Bytes given as numbers: zero bytes need no care.
inline std::string raw(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

inline std::string little(std::uint64_t value, int width) {
  std::string text;
  for (int i = 0; i < width; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string big(std::uint64_t value, int width) {
  const std::string text = little(value, width);
  return {text.rbegin(), text.rend()};
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

inline std::string idx(const std::vector<std::uint32_t>& sizes, const std::string& values) {
  std::string text = raw({0, 0, 8, static_cast<int>(sizes.size())});
  for (const std::uint32_t size : sizes) text += big(size, 4);
  return text + values;
}

/// A .npy file, e.g. npy("<f4", "(2, 3)", values).
inline std::string npy(const std::string& type, const std::string& shape, const std::string& values,
                       const std::string& fortran = "False") {
  const std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
  return "\x93NUMPY" + raw({1, 0}) + little(header.size(), 2) + header + values;
}

/// window_bits: 31 writes gzip, -15 bare deflate data (zlib's convention).
inline std::string compress(const std::string& content, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(content.size() + content.size() / 100 + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string gzip(const std::string& content) { return compress(content, 31); }

/// Bare deflate data of `start` and then 64 MiB of `filler` bytes `repeats` times, without its end.
/// A full flush makes the packed filler independent of what is before it, so it is packed once: 10
/// GiB in 10 MB, quickly.
inline std::string deflated_bomb(const std::string& start, char filler, int repeats) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string out;
  std::vector<char> buffer(1 << 20);
  const auto feed = [&](const std::string& part, int flush) {
    std::string packed;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    stream.avail_in = static_cast<uInt>(part.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      deflate(&stream, flush);
      packed.append(buffer.data(), buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
    return packed;
  };
  out = feed(start, Z_FULL_FLUSH);
  const std::string mebibyte(1 << 20, filler);
  std::string filled;
  for (int i = 0; i < 63; ++i) filled += feed(mebibyte, Z_NO_FLUSH);
  filled += feed(mebibyte, Z_FULL_FLUSH);
  deflateEnd(&stream);
  for (int i = 0; i < repeats; ++i) out += filled;
  return out;
}

/// The same as a gzip file (its end missing: nobody must ever get there).
inline std::string gzip_bomb(const std::string& start, char filler, int repeats) {
  return raw({0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}) + deflated_bomb(start, filler, repeats);
}

/// A member of a zip archive; what the directory claims may differ from what is there.
struct ZipMember {
  std::string name, content;
  bool deflated = false;
  std::int64_t claimed_size = -1, claimed_packed_size = -1;  ///< -1: the true ones
  std::int64_t offset = -1;  ///< of the local header; -1: the true one
  std::string packed = {};   ///< instead of deflating `content`
  std::uint32_t checksum_flip = 0;
};

inline std::string zip(const std::vector<ZipMember>& members, int claimed_members = -1) {
  std::string out, directory;
  for (const ZipMember& member : members) {
    std::string packed = member.packed;
    if (packed.empty()) packed = member.deflated ? compress(member.content, -15) : member.content;
    const auto checksum =
        static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(member.content.data()),
                                         static_cast<uInt>(member.content.size())));
    const auto claim = [](std::int64_t claimed, std::size_t real) {
      return little(claimed >= 0 ? static_cast<std::uint64_t>(claimed) : real, 4);
    };
    const std::string common = little(20, 2) + little(0, 2) + little(member.deflated ? 8 : 0, 2) +
                               little(0, 4) + little(checksum ^ member.checksum_flip, 4) +
                               claim(member.claimed_packed_size, packed.size()) +
                               claim(member.claimed_size, member.content.size()) +
                               little(member.name.size(), 2) + little(0, 2);
    directory += "PK\1\2" + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) +
                 little(0, 4) + claim(member.offset, out.size()) + member.name;
    out += "PK\3\4" + common + member.name + packed;
  }
  const std::size_t start = out.size();
  const std::uint64_t count =
      claimed_members >= 0 ? static_cast<std::uint64_t>(claimed_members) : members.size();
  return out + directory + "PK\5\6" + little(0, 4) + little(count, 2) + little(count, 2) +
         little(directory.size(), 4) + little(start, 4) + little(0, 2);
}

/// A safetensors file from its JSON header and its data part.
inline std::string safetensors(const std::string& json, const std::string& data) {
  return little(json.size(), 8) + json + data;
}

}  // namespace nelbo::tests
