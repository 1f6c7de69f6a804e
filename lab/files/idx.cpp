#include "lab/files/idx.hpp"

#include <array>
#include <cstddef>
#include <cstring>

#include "lab/files/internal/fail.hpp"

namespace nelbo::data {

Array read_idx(Stream& stream) {
  constexpr unsigned unsigned_byte = 0x08, integer = 0x0c;
  constexpr unsigned most_axes = 8;
  std::array<unsigned char, 4> magic{};
  stream.read_exact(magic.data(), magic.size(), "the IDX magic number");
  if (magic[0] != 0 || magic[1] != 0)
    fail(stream.name(), "wrong IDX magic number {:02x}{:02x}{:02x}{:02x}", magic[0], magic[1],
         magic[2], magic[3]);
  if (magic[2] != unsigned_byte && magic[2] != integer)
    fail(stream.name(),
         "IDX element type 0x{:02x} is not supported, only unsigned bytes (0x08), and 32-bit "
         "integers (0x0c) of labels",
         magic[2]);
  if (magic[3] == 0 || magic[3] > most_axes)
    fail(stream.name(), "the IDX header claims {} axes", magic[3]);

  Array array;
  array.type = magic[2] == integer ? StoredType::int32 : StoredType::uint8;
  for (unsigned axis = 0; axis < magic[3]; ++axis) {
    std::array<unsigned char, 4> size{};
    stream.read_exact(size.data(), size.size(), "the size of an IDX axis");
    array.shape.push_back(std::int64_t{size[0]} << 24 | size[1] << 16 | size[2] << 8 | size[3]);
  }
  const std::uint64_t bytes = checked_bytes(stream.name(), array.type, array.shape);
  array.bytes = stream.read_block(bytes, shape_text(array.shape) + " values");
  stream.expect_end();
  if (array.type == StoredType::int32) {  // the most significant byte comes first
    auto* bytes = array.bytes.data();
    for (std::size_t i = 0; i + 4 <= array.bytes.size(); i += 4) {
      const std::int32_t value = std::int32_t(std::to_integer<std::uint32_t>(bytes[i]) << 24 |
                                              std::to_integer<std::uint32_t>(bytes[i + 1]) << 16 |
                                              std::to_integer<std::uint32_t>(bytes[i + 2]) << 8 |
                                              std::to_integer<std::uint32_t>(bytes[i + 3]));
      std::memcpy(bytes + i, &value, sizeof value);
    }
  }
  return array;
}

}  // namespace nelbo::data
