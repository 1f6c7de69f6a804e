#include "lab/files/npz_write.hpp"

#include <zlib.h>

#include <algorithm>

#include "lab/files/atomic_file.hpp"
#include "lab/files/internal/fail.hpp"
#include "lab/files/npy.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

/// A .npy file that is to be: what stands before its values, and they.
struct Member {
  std::string header;
  std::uint64_t value_bytes = 0;
  std::function<void(const TakeBytes& take)> values;

  std::uint64_t size() const { return header.size() + value_bytes; }
};

Member member_of(const std::string& path, const ArrayInBlocks& array) {
  return {data::npy_header({array.type, array.shape, nullptr}),
          data::checked_bytes(path, array.type, array.shape), array.values};
}

/// Strings as NumPy has them: code points of 32 bits, as many for each as the longest takes.
Member member_of(const std::vector<std::string>& texts) {
  std::vector<std::u32string> all;
  std::size_t longest = 1;
  for (const std::string& text : texts) {
    all.push_back(data::code_points(text));
    longest = std::max(longest, all.back().size());
  }
  std::u32string row;
  for (std::u32string& text : all) {
    text.resize(longest);
    row += text;
  }
  return {data::npy_header("<U" + std::to_string(longest), {std::int64_t(texts.size())}),
          row.size() * sizeof(char32_t),
          [row](const TakeBytes& take) { take(row.data(), row.size() * sizeof(char32_t)); }};
}

std::map<std::string, Member> members_of(const std::string& path, const NpzContent& content) {
  std::map<std::string, Member> members;
  const auto add = [&](const std::string& name, Member member) {
    if (!members.emplace(name + ".npy", std::move(member)).second)
      data::fail(path, "two arrays are named '{}'", name);
  };
  for (const auto& [name, array] : content.arrays) {
    const std::uint64_t bytes = data::checked_bytes(path, array.type, array.shape);
    add(name, member_of(path, {array.type, array.shape,
                               [from = array.data, bytes](const TakeBytes& take) {
                                 if (bytes > 0) take(from, bytes);
                               }}));
  }
  for (const auto& [name, array] : content.in_blocks) add(name, member_of(path, array));
  for (const auto& [name, texts] : content.texts) add(name, member_of(texts));
  return members;
}

std::string little(std::uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes += char(value >> (8 * i));
  return bytes;
}

/// The fields that a member's own header and the directory share: APPNOTE.TXT 4.3.7 and 4.3.12, from
/// "version needed" to the length of the extra field.
std::string zip_fields(const std::string& name, std::uint64_t size, std::uint32_t checksum) {
  constexpr std::uint64_t version = 20, utf8 = 1 << 11, stored = 0;
  constexpr std::uint64_t no_time = 0, first_day = (1 << 5) | 1;  // 1980-01-01
  return little(version, 2) + little(utf8, 2) + little(stored, 2) + little(no_time, 2) +
         little(first_day, 2) + little(checksum, 4) + little(size, 4) + little(size, 4) +
         little(name.size(), 2) + little(0, 2);
}

/// All that stands in the archive of a member besides its values.
constexpr std::uint64_t overhead(const std::string& name) { return 30 + 46 + 2 * name.size(); }
constexpr std::uint64_t end_of_directory = 22;

void check_size(const std::string& path, const std::map<std::string, Member>& members) {
  std::uint64_t total = end_of_directory;
  for (const auto& [name, member] : members) {
    if (name.size() > 0xffff) data::fail(path, "an array's name is too long");
    if (member.size() > most_npz_bytes - total ||
        overhead(name) > most_npz_bytes - total - member.size())
      data::fail(path, "arrays of more than {} bytes in all do not fit into one .npz archive",
                 most_npz_bytes);
    total += member.size() + overhead(name);
  }
  if (members.size() > 0xffff) data::fail(path, "more than 65535 arrays in one .npz archive");
}

std::uint32_t checksum_of(const Member& member) {
  auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(member.header.data()), member.header.size());
  member.values([&](const void* bytes, std::size_t size) {
    sum = crc32_z(sum, static_cast<const Bytef*>(bytes), size);
  });
  return std::uint32_t(sum);
}

}  // namespace

void write_npz(const std::string& path, const NpzContent& content) {
  const std::map<std::string, Member> members = members_of(path, content);
  check_size(path, members);
  AtomicFile file(path);
  const auto write = [&](const std::string& text) { file.write(text.data(), text.size()); };
  std::string directory;
  std::uint64_t at = 0;
  for (const auto& [name, member] : members) {
    const std::string fields = zip_fields(name, member.size(), checksum_of(member));
    const std::string head = "PK\3\4" + fields + name;
    constexpr std::uint64_t made_by = 20;
    directory += "PK\1\2" + little(made_by, 2) + fields + little(0, 2) + little(0, 2) +
                 little(0, 2) + little(0, 4) + little(at, 4) + name;
    write(head + member.header);
    std::uint64_t written = 0;
    member.values([&](const void* bytes, std::size_t size) {
      file.write(bytes, size);
      written += size;
    });
    if (written != member.value_bytes)
      data::fail(path, "{}: {} bytes of values where its shape wants {}", name, written,
                 member.value_bytes);
    at += head.size() + member.size();
  }
  write(directory + "PK\5\6" + little(0, 4) + little(members.size(), 2) +
        little(members.size(), 2) + little(directory.size(), 4) + little(at, 4) + little(0, 2));
  file.commit();
}

void write_npz(const std::string& path, const std::map<std::string, data::ArrayView>& arrays) {
  write_npz(path, NpzContent{.arrays = arrays, .in_blocks = {}, .texts = {}});
}

}  // namespace nelbo
