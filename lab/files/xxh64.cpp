#include "lab/files/xxh64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "lab/files/internal/for_each_block.hpp"

namespace nelbo {
namespace {

constexpr std::uint64_t prime1 = 0x9e3779b185ebca87, prime2 = 0xc2b2ae3d27d4eb4f,
                        prime3 = 0x165667b19e3779f9, prime4 = 0x85ebca77c2b2ae63,
                        prime5 = 0x27d4eb2f165667c5;

/// The machines that nelbo is built for are little-endian, as the format is.
template <class Word>
Word word_at(const unsigned char* bytes) {
  static_assert(std::endian::native == std::endian::little);
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t word) {
  return std::rotl(lane + word * prime2, 31) * prime1;
}

}  // namespace

void Xxh64::stripe(const unsigned char* bytes) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i] = round(lanes_[i], word_at<std::uint64_t>(bytes + 8 * i));
  }
}

void Xxh64::update(const void* data, std::size_t size) {
  total_ += size;
  for_each_block(data, size, pending_, pending_size_,
                 [this](const unsigned char* bytes) { stripe(bytes); });
}

std::string Xxh64::hex() const {
  std::uint64_t hash = prime5;
  if (total_ >= pending_.size()) {
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) +
           std::rotl(lanes_[3], 18);
    for (const std::uint64_t lane : lanes_) hash = (hash ^ round(0, lane)) * prime1 + prime4;
  }
  hash += total_;
  const unsigned char* at = pending_.data();
  const unsigned char* const end = at + pending_size_;
  for (; end - at >= 8; at += 8) {
    hash = std::rotl(hash ^ round(0, word_at<std::uint64_t>(at)), 27) * prime1 + prime4;
  }
  if (end - at >= 4) {
    hash = std::rotl(hash ^ word_at<std::uint32_t>(at) * prime1, 23) * prime2 + prime3;
    at += 4;
  }
  for (; at < end; ++at) hash = std::rotl(hash ^ *at * prime5, 11) * prime1;
  hash = (hash ^ hash >> 33) * prime2;
  hash = (hash ^ hash >> 29) * prime3;
  return fmt::format("{:016x}", hash ^ hash >> 32);
}

}  // namespace nelbo
