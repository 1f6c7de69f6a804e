#include "objectives/bounds/bias.hpp"

namespace nelbo {

std::string sign(Bias bias) {
  switch (bias) {
    case Bias::none:
      return "0";
    case Bias::under:
      return "-";
    case Bias::over:
      return "+";
    case Bias::undetermined:
      break;
  }
  return "?";
}

std::string meaning(Bias bias) {
  switch (bias) {
    case Bias::none:
      return "unbiased";
    case Bias::under:
      return "under-estimates";
    case Bias::over:
      return "over-estimates";
    case Bias::undetermined:
      break;
  }
  return "biased, sign not determined";
}

Bias operator-(Bias bias) {
  if (bias == Bias::under) return Bias::over;
  if (bias == Bias::over) return Bias::under;
  return bias;
}

Bias operator+(Bias a, Bias b) {
  if (a == Bias::none) return b;
  if (b == Bias::none || a == b) return a;
  return Bias::undetermined;
}

}  // namespace nelbo
