#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nelbo {

/// The order of an epoch's examples where the labels of some are told, so that every batch has such and
/// others: at least a tenth of the order's places, and at least one in a batch, are theirs, evenly spread.
/// Those places go through them again and again; the others through as many of the other examples as there
/// are places for.
class ToldOrder {
 public:
  /// `told`: rows of n examples, ascending.
  ToldOrder(const std::vector<std::int64_t>& told, std::size_t n);

  /// Makes of a permutation of all examples, `order` [N], that of this epoch, in batches of the given size.
  /// Does not allocate.
  void mix(std::vector<std::uint32_t>& order, std::size_t batch, std::uint64_t seed,
           std::uint64_t epoch);

 private:
  std::vector<std::uint32_t> told_;
  std::vector<bool> is_told_;
  std::vector<std::uint32_t> permutation_, others_;
};

}  // namespace nelbo
