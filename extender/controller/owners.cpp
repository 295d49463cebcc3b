#include "extender/controller/owners.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/migration/names.h"

namespace migrate::controller {
namespace {

bool is_ours(const Json& owner) {
  return text_at(owner, {"kind"}) == "Migration" && text_at(owner, {"apiVersion"}).starts_with(kGroup);
}

bool is_set(const Json& owner) {
  const std::string kind = text_at(owner, {"kind"});
  return (kind == kStatefulSet || kind == kReplicaSet) && text_at(owner, {"apiVersion"}).starts_with("apps/");
}

bool is_lent(const Json& owners) {
  return std::any_of(owners.begin(), owners.end(),
                     [](const Json& one) { return is_ours(one) && flag_at(one, {"controller"}); });
}

// A reference that is no controller's says nothing, unless a Migration holds the place.
bool is_holder(const Json& owner, bool lent) {
  return is_set(owner) && (lent || flag_at(owner, {"controller"}));
}

}  // namespace

std::optional<OwnerRef> owner_of(const Json& pod) {
  const Json& owners = list_at(pod, {"metadata", "ownerReferences"});
  const bool lent = is_lent(owners);
  for (const Json& one : owners)
    if (is_holder(one, lent)) return OwnerRef{text_at(one, {"kind"}), text_at(one, {"name"}), text_at(one, {"uid"})};
  return std::nullopt;
}

Json own_owners(const Json& source) {
  const Json& owners = list_at(source, {"metadata", "ownerReferences"});
  const bool lent = is_lent(owners);
  Json own = Json::array();
  for (const Json& one : owners) {
    if (is_ours(one)) continue;
    own.push_back(one);
    if (lent && is_set(one)) own.back()["controller"] = true;
  }
  return own;
}

Json lent_owners(const Json& source, const Migration& migration) {
  Json owners = own_owners(source);
  if (!owner_of(source)) return owners;
  for (Json& one : owners)
    if (is_set(one)) one["controller"] = false;
  owners.push_back({{"apiVersion", kApiVersion},
                    {"kind", "Migration"},
                    {"name", migration.name},
                    {"uid", migration.uid},
                    {"controller", true},
                    {"blockOwnerDeletion", false}});
  return owners;
}

bool is_lent_to(const Json& pod, const Migration& migration) {
  const Json& owners = list_at(pod, {"metadata", "ownerReferences"});
  return std::any_of(owners.begin(), owners.end(),
                     [&](const Json& one) { return is_ours(one) && text_at(one, {"uid"}) == migration.uid; });
}

}  // namespace migrate::controller
