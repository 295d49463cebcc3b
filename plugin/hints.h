// Where a check's line sends its reader: a section of docs/troubleshooting.md, which a test looks for. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace migrate::plugin {

// What is no refusal of the controller's, which has a reason for its name.
enum class Topic {
  no_api_server,
  not_logged_in,
  old_kubernetes,
  not_installed,
  api_version,
  old_schema,
  deployment_down,
  no_controller,
  versions_differ,
  own_scheduler,
  scheduler_down,
  extender_down,
  extender_not_asked,
  policies_missing,
  no_runtime_class,
  missing_right,
  stale_node,
  old_runtime,
  criu_check,
  criu_options,
  clock_skew,
  one_kind_of_node,
  too_few_nodes,
  wrong_annotation,
  no_replay,
  no_answer,
};

// "docs/troubleshooting.md#no-controller"
[[nodiscard]] std::string hint(Topic topic);
// Of a refusal: its section is called as its reason is.
[[nodiscard]] std::string hint(std::string_view reason);

// The command that shows our own Pods.
[[nodiscard]] std::string see_pods();

// The sections' anchors, by Topic.
[[nodiscard]] std::span<const std::string_view> topic_anchors();

}  // namespace migrate::plugin
