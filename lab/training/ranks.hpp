#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace nelbo {

/// The processes that compute one thing together, numbered 0 .. size() - 1. They move bytes and compute
/// nothing: sums are taken by their callers, in orders that the problem's shape fixes. Every rank makes
/// the same calls in the same order.
class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// What moves the bytes: "Open MPI v4.1.4"; empty of one process.
  virtual std::string library() const = 0;

  /// From this rank to another, which receives as many.
  virtual void send(std::span<const std::byte> bytes, int to) = 0;
  virtual void receive(std::span<std::byte> bytes, int from) = 0;
  /// `all` holds a block of every rank end to end, that of rank r up to ends[r] bytes; afterwards every
  /// rank has every block.
  virtual void gather(std::span<std::byte> all, std::span<const std::size_t> ends) = 0;
  /// Afterwards every rank has the bytes of rank `from`.
  virtual void broadcast(std::span<std::byte> bytes, int from) = 0;

  /// Ends all ranks, whatever they are doing, this one too.
  [[noreturn]] virtual void abort(int exit_code) = 0;
  /// The last call, by all ranks.
  virtual void finish() = 0;

  /// Called now and then by a rank that waits for another; what it throws ends the waiting.
  std::function<void()> while_waiting = [] {};
  /// What the others do now takes as long as it takes: while_waiting is not called.
  bool patient = false;

  /// What went wrong is known to all ranks, and each ends by itself: see together().
  bool all_failed = false;

  bool first() const { return rank() == 0; }
  /// The first of `count` things that are a rank's share when they are dealt out in order.
  std::size_t begin_of(int rank, std::size_t count) const {
    return count * std::size_t(rank) / std::size_t(size());
  }
  /// Whose the thing is.
  int owner_of(std::size_t thing, std::size_t count) const {
    int rank = 0;
    while (begin_of(rank + 1, count) <= thing) ++rank;
    return rank;
  }
  /// gather() of `count` blocks of `bytes` bytes, of which each rank has its share.
  void gather_shares(void* all, std::size_t count, std::size_t bytes);
  /// The largest number that a rank has.
  std::int64_t largest(std::int64_t own);
  /// The text of one rank, at every rank.
  std::string text_of(std::string own, int from);
};

/// This process alone.
Ranks& one_process();

/// Runs `step`, which the others run too. Where it throws on any rank it throws on all of them, what it
/// threw here or else Error with what the first of those threw, so that no rank waits for one that has left.
void together(Ranks& ranks, const std::function<void()>& step);

}  // namespace nelbo
