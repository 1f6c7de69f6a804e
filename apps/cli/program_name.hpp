#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// The name that the program goes by, of its own words: "nelbo", or a user's own "my_nelbo".
const std::string& program_name();

/// From argv[0]: the file's name without its folder. `commands`: the words that may follow it.
void set_program_name(const std::string& argv0, std::vector<std::string> commands);

/// A text that was written for nelbo, with the command lines in it ("nelbo train ...", "nelbo
/// COMMAND") those of this program.
std::string in_own_name(const std::string& text);

/// What begins the program's messages on stderr, "nelbo: ", and as many spaces, for further lines.
std::string message_head();
std::string message_indent();

}  // namespace nelbo
