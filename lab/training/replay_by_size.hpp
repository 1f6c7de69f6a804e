#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

namespace nelbo {

/// Shapes belong to a recording: one for full batches of B rows, another for what is left of N. Each is
/// recorded when it is first asked for, and kept.
template <class Recorded>
class ReplayBySize {
 public:
  /// `record` makes the recording for a number of rows.
  ReplayBySize(std::size_t batch, std::function<std::unique_ptr<Recorded>(std::size_t)> record)
      : batch_(batch), record_(std::move(record)) {}

  /// B.
  std::size_t batch() const { return batch_; }
  Recorded& of(std::size_t rows) {
    std::unique_ptr<Recorded>& recording = recordings_[rows];
    if (!recording) recording = record_(rows);
    return *recording;
  }

  /// Calls f(recording, rows) for batches of `rows`, in order.
  template <class F>
  void for_each_batch(std::span<const std::uint32_t> rows, F&& f) {
    for (std::size_t first = 0; first < rows.size(); first += batch_) {
      const auto some = rows.subspan(first, std::min(batch_, rows.size() - first));
      f(of(some.size()), some);
    }
  }

 private:
  std::size_t batch_;
  std::function<std::unique_ptr<Recorded>(std::size_t)> record_;
  std::map<std::size_t, std::unique_ptr<Recorded>> recordings_;
};

/// 0, 1, .. count - 1.
inline std::vector<std::uint32_t> all_rows(std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

}  // namespace nelbo
