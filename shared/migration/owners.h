// Whom a Pod belongs to, and how it is lent to a Migration while it moves. Pure.
//
// A Pod that nobody controls is adopted by its StatefulSet within milliseconds. So it is not released but lent: the
// set's reference stays with `controller: false`, the Migration's is added with `controller: true`. As the set stays
// an owner, the end of the Migration, in whatever way, takes no Pod with it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "shared/migration/migration.h"

namespace migrate {

// A ReplicaSet's selector asks for it, and so a copy does without until it is to be adopted: whatever becomes of its
// references meanwhile, the ReplicaSet takes it for none of its Pods.
inline constexpr const char* kTemplateHashLabel = "pod-template-hash";

// The StatefulSet or ReplicaSet that controls the Pod, or did until a Migration borrowed it. `is_shadow`: even if it
// says no more who borrowed it, as the garbage collector removes a Migration that is deleted in foreground from it.
[[nodiscard]] std::optional<OwnerRef> owner_of(const nlohmann::json& pod, bool is_shadow = false);

// metadata.ownerReferences of a copy of `source` on its way, or of the source while it is lent. A Pod of its own has
// nobody to be lent by: an empty list.
[[nodiscard]] nlohmann::json lent_owners(const nlohmann::json& source, const Migration& migration);
// The same, as they are to be before and after.
[[nodiscard]] nlohmann::json own_owners(const nlohmann::json& source);
// What a Pod that is lent, and has `now`, gets back. Whoever deletes a set and leaves its Pods (--cascade=orphan) has
// its reference removed from them: then there is nothing to give back, and another set of that name adopts the Pod.
[[nodiscard]] nlohmann::json returned_owners(const nlohmann::json& source, const nlohmann::json& now);

[[nodiscard]] bool is_lent_to(const nlohmann::json& pod, const Migration& migration);
// The Migration that the Pod is lent to.
[[nodiscard]] std::optional<OwnerRef> borrower_of(const nlohmann::json& pod);

}  // namespace migrate
