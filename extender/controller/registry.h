// Archives by way of a registry: the credentials for it, and the images that the source's agent pushes and deletes.
#pragma once

#include <string>
#include <vector>

#include "extender/controller/hop.h"

namespace migrate::controller {

// A second hop stays on its node: nothing is transferred.
[[nodiscard]] bool is_via_registry(const Migration& migration);

// Read from the Secret that the Migration names, and never kept. Of kind failed where a person has to do something.
[[nodiscard]] Attempt<agent::RegistryAccess> registry_access(Hop& hop, const Limits& limits);

// What is in such a Secret (its JSON, as the API server has it); an error says what is wrong with it. Pure.
[[nodiscard]] Result<agent::RegistryAccess> registry_access_in(const Json& secret, const std::string& repository);

// That the registry is there, trusted and lets us push is found out before anything is touched. Refused otherwise.
[[nodiscard]] Outcome check_registry(Hop& hop, const std::string& node, const Limits& limits);

// Idempotent. When it succeeds, the registry has acknowledged every layer and manifest.
[[nodiscard]] Attempt<std::vector<agent::PushedImage>> push_archives(Hop& hop, const agent::PushOrder& order,
                                                                     const Limits& limits);

// What was pushed holds memory: it is deleted, and what the registry keeps is told the user. False: the source's agent
// could not be asked.
bool withdraw_images(Hop& hop, const Limits& limits);

}  // namespace migrate::controller
