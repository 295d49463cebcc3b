#include "shared/kube/object_name.h"

namespace migrate::kube {

bool is_object_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  char before = '.';
  for (const char c : text) {
    if (!is_alphanumeric(c) && c != '-' && c != '.') return false;
    if (before == '.' && !is_alphanumeric(c)) return false;
    if (c == '.' && !is_alphanumeric(before)) return false;
    before = c;
  }
  return is_alphanumeric(before);
}

}  // namespace migrate::kube
