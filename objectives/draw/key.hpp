#pragma once
#include <string>

namespace nelbo {

/// A name in a draw's memo or among its inputs. A program's own and nelbo's are apart: equal ones never
/// meet.
class Key {
 public:
  Key(const std::string& name) : text_("own " + name) {}  // NOLINT: implicit
  Key(const char* name) : Key(std::string(name)) {}       // NOLINT: implicit
  static Key nelbo(const std::string& name) { return Key(name, "nelbo "); }

  const std::string& text() const { return text_; }

 private:
  Key(const std::string& name, const char* owner) : text_(owner + name) {}
  std::string text_;
};

}  // namespace nelbo
