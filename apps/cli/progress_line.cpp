#include "apps/cli/progress_line.hpp"

#include <fmt/format.h>

#include <cmath>

#include "apps/cli/terminal.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {

ProgressLine::ProgressLine(const std::string& what, ProgressStyle style)
    : what_(data::one_line(what)), style_(style), start_(Clock::now()), last_draw_(start_) {}

ProgressLine::~ProgressLine() { finish(); }

void ProgressLine::update(double share) {
  if (style_ == ProgressStyle::silent || share <= 0) return;
  const Clock::time_point now = Clock::now();
  const bool in_place = style_ == ProgressStyle::bar;
  const auto interval = in_place ? std::chrono::milliseconds(100) : std::chrono::seconds(10);
  if (now - last_draw_ < interval) return;
  last_draw_ = now;
  const double left = std::chrono::duration<double>(now - start_).count() * (1 - share) / share;
  const std::string text =
      fmt::format("{} {:.0f}%  ETA {}", what_, std::floor(100 * share), duration_text(left));
  put_on_stderr(in_place ? "\r" + text + "\x1b[K" : text + "\n");
  drawn_ = in_place;
}

void ProgressLine::finish() {
  if (drawn_) put_on_stderr("\r\x1b[K");
  drawn_ = false;
  style_ = ProgressStyle::silent;
}

}  // namespace nelbo
