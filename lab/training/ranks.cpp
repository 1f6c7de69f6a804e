#include "lab/training/ranks.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

class OneProcess final : public Ranks {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::string library() const override { return ""; }
  void send(std::span<const std::byte>, int) override {}
  void receive(std::span<std::byte>, int) override {}
  void gather(std::span<std::byte>, std::span<const std::size_t>) override {}
  void broadcast(std::span<std::byte>, int) override {}
  [[noreturn]] void abort(int exit_code) override { std::_Exit(exit_code); }
  void finish() override {}
};

std::string reason_of_current() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an unknown failure";
  }
}

}  // namespace

Ranks& one_process() {
  static OneProcess one;
  return one;
}

void Ranks::gather_shares(void* all, std::size_t count, std::size_t bytes) {
  if (size() == 1) return;
  std::vector<std::size_t> ends;
  for (int r = 0; r < size(); ++r) ends.push_back(begin_of(r + 1, count) * bytes);
  gather({static_cast<std::byte*>(all), count * bytes}, ends);
}

std::int64_t Ranks::largest(std::int64_t own) {
  if (size() == 1) return own;
  std::vector<std::int64_t> all(std::size_t(size()), own);
  gather_shares(all.data(), all.size(), sizeof own);
  return *std::max_element(all.begin(), all.end());
}

std::string Ranks::text_of(std::string own, int from) {
  if (size() == 1) return own;
  std::uint64_t length = own.size();
  broadcast(std::as_writable_bytes(std::span(&length, 1)), from);
  own.resize(length);
  broadcast(std::as_writable_bytes(std::span(own)), from);
  return own;
}

void together(Ranks& ranks, const std::function<void()>& step) {
  if (ranks.size() == 1) return step();
  std::exception_ptr own;
  std::string reason;
  try {
    step();
  } catch (...) {
    own = std::current_exception();
    reason = reason_of_current();
  }
  std::vector<std::int64_t> failed(std::size_t(ranks.size()), own ? 1 : 0);
  ranks.gather_shares(failed.data(), failed.size(), sizeof(std::int64_t));
  const auto at = std::find(failed.begin(), failed.end(), 1);
  if (at == failed.end()) return;
  ranks.all_failed = true;
  const int first = int(at - failed.begin());
  reason = ranks.text_of(reason, first);
  if (own) std::rethrow_exception(own);
  throw Error("rank " + std::to_string(first) + ": " + reason);
}

}  // namespace nelbo
