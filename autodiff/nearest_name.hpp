#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// The name of least edit distance; empty when none is near.
std::string nearest(const std::string& name, const std::vector<std::string>& known);

/// "did you mean 'nell'?" for the name of least edit distance, or "there are: nell, div, elbo" when
/// none is near.
std::string suggest(const std::string& name, const std::vector<std::string>& known);

}  // namespace nelbo
