#include "lab/files/idx.hpp"

#include <array>

#include "lab/files/internal/fail.hpp"

namespace nelbo::data {

Array read_idx(Stream& stream) {
  constexpr unsigned unsigned_byte = 0x08;
  constexpr unsigned most_axes = 8;
  std::array<unsigned char, 4> magic{};
  stream.read_exact(magic.data(), magic.size(), "the IDX magic number");
  if (magic[0] != 0 || magic[1] != 0)
    fail(stream.name(), "wrong IDX magic number {:02x}{:02x}{:02x}{:02x}", magic[0], magic[1],
         magic[2], magic[3]);
  if (magic[2] != unsigned_byte)
    fail(stream.name(), "IDX element type 0x{:02x} is not supported, only unsigned bytes (0x08)",
         magic[2]);
  if (magic[3] == 0 || magic[3] > most_axes)
    fail(stream.name(), "the IDX header claims {} axes", magic[3]);

  Array array;
  array.type = StoredType::uint8;
  for (unsigned axis = 0; axis < magic[3]; ++axis) {
    std::array<unsigned char, 4> size{};
    stream.read_exact(size.data(), size.size(), "the size of an IDX axis");
    array.shape.push_back(std::int64_t{size[0]} << 24 | size[1] << 16 | size[2] << 8 | size[3]);
  }
  const std::uint64_t bytes = checked_bytes(stream.name(), array.type, array.shape);
  array.bytes = stream.read_block(bytes, shape_text(array.shape) + " values");
  stream.expect_end();
  return array;
}

}  // namespace nelbo::data
