#pragma once
// Ranks that are threads of the test: what MPI does between processes, by a mailbox.
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "lab/training/ranks.hpp"

namespace nelbo::tests {

class Mailbox {
 public:
  void put(int from, int to, std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    letters_[{from, to}].emplace_back(bytes.begin(), bytes.end());
    changed_.notify_all();
  }
  void take(int from, int to, std::span<std::byte> bytes) {
    std::unique_lock lock(mutex_);
    auto& letters = letters_[{from, to}];
    changed_.wait(lock, [&] { return !letters.empty(); });
    if (letters.front().size() != bytes.size()) throw std::logic_error("a letter of another size");
    std::memcpy(bytes.data(), letters.front().data(), bytes.size());
    letters.pop_front();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> letters_;
};

class ThreadRank final : public Ranks {
 public:
  ThreadRank(Mailbox& mailbox, int rank, int size) : mailbox_(mailbox), rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string library() const override { return "threads"; }
  void send(std::span<const std::byte> bytes, int to) override { mailbox_.put(rank_, to, bytes); }
  void receive(std::span<std::byte> bytes, int from) override { mailbox_.take(from, rank_, bytes); }
  void gather(std::span<std::byte> all, std::span<const std::size_t> ends) override {
    for (int r = 0; r < size_; ++r) {
      const std::size_t begin = r == 0 ? 0 : ends[std::size_t(r) - 1];
      broadcast(all.subspan(begin, ends[std::size_t(r)] - begin), r);
    }
  }
  void broadcast(std::span<std::byte> bytes, int from) override {
    for (int r = 0; r < size_ && rank_ == from; ++r) {
      if (r != from) send(bytes, r);
    }
    if (rank_ != from) receive(bytes, from);
  }
  [[noreturn]] void abort(int) override { throw std::logic_error("abort"); }
  void finish() override {}

 private:
  Mailbox& mailbox_;
  int rank_, size_;
};

/// Calls `body` as each of so many ranks. What one throws is thrown when all have ended.
inline void as_ranks(int size, const std::function<void(Ranks& ranks)>& body) {
  Mailbox mailbox;
  std::vector<std::exception_ptr> failures(std::size_t(size), nullptr);
  std::vector<std::thread> threads;
  for (int r = 0; r < size; ++r) {
    threads.emplace_back([&, r] {
      ThreadRank rank(mailbox, r, size);
      try {
        body(rank);
      } catch (...) {
        failures[std::size_t(r)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace nelbo::tests
