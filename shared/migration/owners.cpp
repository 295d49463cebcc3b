#include "shared/migration/owners.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shared/kube/json_path.h"
#include "shared/migration/names.h"

namespace migrate {
namespace {

using Json = nlohmann::json;
using kube::flag_at;
using kube::list_at;
using kube::text_at;

bool is_ours(const Json& owner) {
  return text_at(owner, {"kind"}) == "Migration" && text_at(owner, {"apiVersion"}).starts_with(kGroup);
}

bool holds_place(const Json& owner) {
  return is_ours(owner) && flag_at(owner, {"controller"});
}

bool is_set(const Json& owner) {
  const std::string kind = text_at(owner, {"kind"});
  return (kind == kStatefulSet || kind == kReplicaSet) && text_at(owner, {"apiVersion"}).starts_with("apps/");
}

// Nobody else's, for who finds that the Migration's reference has gone already.
bool is_lent(const Json& owners, bool is_shadow) {
  return is_shadow || std::any_of(owners.begin(), owners.end(), holds_place);
}

bool is_controlled(const Json& owners) {
  return std::any_of(owners.begin(), owners.end(),
                     [](const Json& one) { return !is_ours(one) && flag_at(one, {"controller"}); });
}

}  // namespace

std::optional<OwnerRef> owner_of(const Json& pod, bool is_shadow) {
  const Json& owners = list_at(pod, {"metadata", "ownerReferences"});
  // A reference that is no controller's says nothing, unless a Migration holds the place.
  const bool lent = is_lent(owners, is_shadow);
  for (const Json& one : owners)
    if (is_set(one) && (lent || flag_at(one, {"controller"})))
      return OwnerRef{text_at(one, {"kind"}), text_at(one, {"name"}), text_at(one, {"uid"})};
  return std::nullopt;
}

Json own_owners(const Json& source) {
  const Json& owners = list_at(source, {"metadata", "ownerReferences"});
  const bool lent = !is_controlled(owners);
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
  const bool has_set = std::any_of(owners.begin(), owners.end(),
                                   [](const Json& one) { return is_set(one) && flag_at(one, {"controller"}); });
  if (!has_set) return owners;
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

Json returned_owners(const Json& source, const Json& now) {
  const Json& has_now = list_at(now, {"metadata", "ownerReferences"});
  Json returned = Json::array();
  for (const Json& own : own_owners(source))
    if (std::any_of(has_now.begin(), has_now.end(),
                    [&](const Json& one) { return text_at(one, {"uid"}) == text_at(own, {"uid"}); }))
      returned.push_back(own);
  return returned;
}

bool is_lent_to(const Json& pod, const Migration& migration) {
  const Json& owners = list_at(pod, {"metadata", "ownerReferences"});
  return std::any_of(owners.begin(), owners.end(),
                     [&](const Json& one) { return is_ours(one) && text_at(one, {"uid"}) == migration.uid; });
}

std::optional<OwnerRef> borrower_of(const Json& pod) {
  for (const Json& one : list_at(pod, {"metadata", "ownerReferences"}))
    if (holds_place(one)) return OwnerRef{text_at(one, {"kind"}), text_at(one, {"name"}), text_at(one, {"uid"})};
  return std::nullopt;
}

}  // namespace migrate
