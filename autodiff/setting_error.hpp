#pragma once
#include "autodiff/error.hpp"

namespace nelbo {

/// A flag or a combination of flags that cannot be meant: the program ends with exit code 2 instead
/// of 1.
class UsageError : public Error {
 public:
  using Error::Error;
};

}  // namespace nelbo
