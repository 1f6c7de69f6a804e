#pragma once
#include <string_view>

namespace nelbo {

/// True if stderr is a terminal that understands control sequences (TERM is not "dumb").
bool stderr_is_terminal();

/// Columns of the terminal behind stderr; 80 if it does not say.
int terminal_width();

/// True if text on stderr may be coloured: it is a terminal, and NO_COLOR is not set or empty
/// (no-color.org).
bool stderr_takes_color();

/// Writes to stderr what may steer the terminal: in one go, so that no half of it is ever seen. Names
/// in it have gone through data::printable.
void put_on_stderr(std::string_view text);

}  // namespace nelbo
