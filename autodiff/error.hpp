#pragma once
#include <stdexcept>
#include <string>

namespace nelbo {

/// Thrown for every mistake a caller can mend: wrong shapes, wrong use of a tape, bad files, bad
/// expressions. The message names the operator, file or flag, what was found, and how to mend it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace nelbo
