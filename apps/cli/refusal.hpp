#pragma once
#include <exception>
#include <string>
#include <vector>

namespace nelbo {

/// "unknown command 'trian'; did you mean 'train'?"
std::string unknown_command(const std::string& word, const std::vector<std::string>& commands);

/// Says on stderr why the words of a command ("nelbo data show") are wrong, and where its help is.
/// Returns the exit code.
int refuse(const std::string& command, const std::string& reason);

/// Says on stderr that `what` is not finite. Returns the exit code.
int refuse_not_finite(const std::string& what);

/// What went wrong, in nelbo's words: of an Error its own, of a library's exception what it means. What
/// should never be is said to be a fault of nelbo.
std::string reason_of(const std::exception& error);

}  // namespace nelbo
