#pragma once
// Where the time of a step goes: by operator, direction and thread.
//
//   Profile profile;
//   {
//     const Profiling profiling(profile);
//     trainer.step();                       // tapes that this thread runs tell of their operators
//   }
//   for (const Profile::Row& row : profile.rows()) ...
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "autodiff/shape.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {

class Profile {
 public:
  enum class Pass { forward, backward, beside };
  /// What a call is about, as its operator counts it.
  struct Work {
    double flop = 0;   // of matrix products; those that zeros save count as done
    double bytes = 0;  // operands, results, cotangents and adjoints, each once
  };
  /// An operator on results of one shape in one direction, or work beside the tape: sums over calls.
  struct Row {
    std::string name;
    Shape shape;  // of the operator's first output
    Pass pass;
    std::uint64_t calls = 0;
    double seconds = 0;  // on the clock
    Work work;
    std::vector<double>
        busy;  // [threads] seconds of these at work; the first is the one that calls
  };

  Profile();
  /// In the order in which they were first met.
  const std::vector<Row>& rows() const { return rows_; }
  /// On the clock, while this profile was the thread's.
  double seconds() const { return seconds_; }

  /// That of this thread, or null.
  static Profile* current();
  /// True where a call is to be counted: begin() and end() enclose it. False inside another one.
  bool begin();
  void end(const char* name, const Shape& shape, Pass pass, Work work);

 private:
  friend class Profiling;
  using Clock = std::chrono::steady_clock;
  Row& row(const char* name, const Shape& shape, Pass pass);

  std::vector<Row> rows_;
  std::size_t next_ = 0;  // steps are alike: where the next call's row is likely to be
  double seconds_ = 0;
  bool inside_ = false;
  Clock::time_point start_;
  ChunkTimes chunks_;
};

/// While it lives, `profile` is this thread's.
class Profiling {
 public:
  explicit Profiling(Profile& profile);
  ~Profiling();
  Profiling(const Profiling&) = delete;
  Profiling& operator=(const Profiling&) = delete;

 private:
  Profile& profile_;
  Profile* before_;
  Profile::Clock::time_point start_;
};

/// Work beside the tape, such as the filling of noise, that this thread's profile counts as `name` with
/// all that it calls.
class ProfiledWork {
 public:
  explicit ProfiledWork(const char* name);
  ~ProfiledWork();
  ProfiledWork(const ProfiledWork&) = delete;
  ProfiledWork& operator=(const ProfiledWork&) = delete;

 private:
  Profile* profile_;  // null where nobody counts
  const char* name_;
};

}  // namespace nelbo
