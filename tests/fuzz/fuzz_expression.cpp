// Expressions: read or refused with a column, and what is read prints as itself.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "objectives/algebra/equations.hpp"
#include "objectives/language/expression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace nelbo;
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  try {
    const Term objective = parse_objective(text);
    const std::string once = objective.text();
    equations(objective);
    try {
      check_objective(objective, text, {.batch = 6, .data_size = 60, .latent = 4});
    } catch (const ExpressionError& error) {
      if (error.column() < 1 || error.column() > size) std::abort();
    }
    // Canonical text may be longer than what may be given.
    if (once.size() <= 4096 && parse_objective(once).text() != once) std::abort();
  } catch (const ExpressionError& error) {
    if (error.column() < 1 || error.column() > size + 1) std::abort();
  }
  return 0;
}
