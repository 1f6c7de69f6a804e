#pragma once
#include <string>
#include <utility>
#include <vector>

namespace nelbo {

/// The values that a sweep gives to a name.
struct Grid {
  std::string name;
  std::vector<std::string> values;
};

/// Reads "beta=0.1,1,4": values separated by commas outside of brackets, or by | where one is there
/// ("hidden=400,400|200,200"). Throws SettingError of `grid` where there is no name, or a value is
/// empty or there twice.
Grid read_grid(const std::string& text);

/// One value of every grid, by name.
using Combination = std::vector<std::pair<std::string, std::string>>;

/// All of them, those of the first grid changing last. Throws SettingError where names are there
/// twice or there are more than 10,000.
std::vector<Combination> combinations(const std::vector<Grid>& grids);

/// The words with {name} replaced by its value; a name that no word uses is passed as `--name value`
/// at their end.
std::vector<std::string> filled_in(const std::vector<std::string>& words,
                                   const Combination& choice);

/// Throws SettingError where {name} has no grid, or a name that is to be passed is a flag among the
/// words already.
void check_words(const std::vector<std::string>& words, const std::vector<Grid>& grids);

}  // namespace nelbo
