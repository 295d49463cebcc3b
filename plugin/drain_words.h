// What a drain says of one Pod, in a line each. Pure.
#pragma once

#include <chrono>
#include <string>

#include "plugin/drain_pod.h"

namespace migrate::plugin {

// "migrating pod shop/orders-0 (Migration orders-0-x7k2p)"
[[nodiscard]] std::string migrating_text(const DrainPod& pod, const Migration& migration);
// Of one that was at work before: "pod shop/orders-0 is being migrated already (Migration orders-0-x7k2p, Replaying)"
[[nodiscard]] std::string following_text(const DrainPod& pod, const Migration& migration);
// "pod shop/orders-0 migrated to node-b as orders-0-mig-ab12c (gap 0.812 s)", "pod shop/orders-0 refused: WHY". Of one
// that was rolled back, whether its source has its memory still.
[[nodiscard]] std::string ended_text(const DrainPod& pod, const Migration& migration);
// " (will retry after 10s)", in kubectl's words.
[[nodiscard]] std::string retry_text(std::chrono::seconds pause);

// Why a migration did not come about, "HostPath: volume data is …"; all reasons of a refusal.
[[nodiscard]] std::string against(const Migration& ended);
// Where to read on about them, or what decides a doubt.
[[nodiscard]] std::string advice_about(const Migration& ended);

}  // namespace migrate::plugin
