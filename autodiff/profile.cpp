#include "autodiff/profile.hpp"

#include <algorithm>

namespace nelbo {
namespace {

thread_local Profile* current_profile = nullptr;

double since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Profile::Profile() : chunks_(num_threads()) {}

Profile* Profile::current() { return current_profile; }

Profile::Row& Profile::row(const char* name, const Shape& shape, Pass pass) {
  const auto same = [&](const Row& row) {
    return row.pass == pass && row.shape == shape && row.name == name;
  };
  const auto likely = rows_.begin() + std::ptrdiff_t(next_);
  auto found = std::find_if(likely, rows_.end(), same);
  if (found == rows_.end()) found = std::find_if(rows_.begin(), likely, same);
  if (found == likely && (likely == rows_.end() || !same(*likely))) {
    rows_.push_back({.name = name, .shape = shape, .pass = pass});
    rows_.back().busy.resize(chunks_.threads());
    found = rows_.end() - 1;
  }
  next_ = std::size_t(found - rows_.begin() + 1) % rows_.size();
  return *found;
}

bool Profile::begin() {
  if (inside_) return false;
  inside_ = true;
  chunks_.clear();
  start_ = Clock::now();
  return true;
}

void Profile::end(const char* name, const Shape& shape, Pass pass, Work work) {
  const double seconds = since(start_);
  inside_ = false;
  Row& to = row(name, shape, pass);
  ++to.calls;
  to.seconds += seconds;
  to.work.flop += work.flop;
  to.work.bytes += work.bytes;
  // The caller is busy but where it waits, in parallel_for, for others' chunks.
  to.busy[0] += seconds - chunks_.inside();
  for (std::size_t thread = 0; thread < to.busy.size(); ++thread) {
    to.busy[thread] += chunks_.of(thread);
  }
}

Profiling::Profiling(Profile& profile)
    : profile_(profile), before_(current_profile), start_(Profile::Clock::now()) {
  current_profile = &profile;
  profile.chunks_.attach();
}

Profiling::~Profiling() {
  profile_.chunks_.detach();
  current_profile = before_;
  profile_.seconds_ += since(start_);
}

ProfiledWork::ProfiledWork(const char* name) : profile_(current_profile), name_(name) {
  if (profile_ != nullptr && !profile_->begin()) profile_ = nullptr;
}

ProfiledWork::~ProfiledWork() {
  if (profile_ != nullptr) profile_->end(name_, {}, Profile::Pass::beside, {});
}

}  // namespace nelbo
