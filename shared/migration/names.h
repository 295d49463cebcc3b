// Names that users, manifests and programs share. They are contracts: changing one breaks what is deployed.
#pragma once

#include <array>
#include <string_view>

namespace migrate {

inline constexpr const char* kGroup = "kubectl-migrate.dev";
inline constexpr const char* kVersion = "v1alpha1";
inline constexpr const char* kApiVersion = "kubectl-migrate.dev/v1alpha1";

// Where our own Pods, Lease, certificates' authority and images live.
inline constexpr const char* kSystemNamespace = "kubectl-migrate";
inline constexpr const char* kLease = "migrate-controller";
inline constexpr const char* kSchedulerName = "migrate-scheduler";
inline constexpr const char* kRuntimeClass = "migrate";
inline constexpr const char* kExtenderAccount = "migrate-extender";
inline constexpr const char* kAgentAccount = "migrate-agent";
inline constexpr int kAgentPort = 10960;
// Where a node's own runtime finds checkpoints as images: the agents' registry.
inline constexpr const char* kImageRegistry = "127.0.0.1:10962";
inline constexpr int kExtenderPort = 9443;

// Annotations of Pods. The first is of target Pods: the Migration's uid.
inline constexpr const char* kRestoreAnnotation = "kubectl-migrate.dev/restore";
inline constexpr const char* kQueueAnnotation = "kubectl-migrate.dev/queue";
inline constexpr const char* kBrokerSecretAnnotation = "kubectl-migrate.dev/broker-secret";
inline constexpr const char* kControlQueueAnnotation = "kubectl-migrate.dev/control-queue";
inline constexpr const char* kServiceTimeAnnotation = "kubectl-migrate.dev/service-time";
// Where its user would rather have it moved: nodes' names (prefer_nodes.h).
inline constexpr const char* kPreferNodesAnnotation = "kubectl-migrate.dev/prefer-nodes";
// Of shadows: what their source had in spec.hostname and spec.subdomain, for the Pod that takes their place.
inline constexpr const char* kHostnameAnnotation = "kubectl-migrate.dev/hostname";
inline constexpr const char* kSubdomainAnnotation = "kubectl-migrate.dev/subdomain";
// Of Pods restored from images, which their spec names for good: by container the images they are really of, as JSON.
inline constexpr const char* kImagesAnnotation = "kubectl-migrate.dev/images";
// Of Pods that `cleanup` has freed of the marks of a Migration that is gone: its uid. By it a later run knows that its
// mirror may be needed still, and that what it committed lives on.
inline constexpr const char* kRestoredForAnnotation = "kubectl-migrate.dev/restored-for";
// Of Migrations: who asked for it, as the plugin knows it.
inline constexpr const char* kRequestedByAnnotation = "kubectl-migrate.dev/requested-by";
// Of StatefulSets: when the name of a Pod that they had lent was free again. It is what wakes their controller.
inline constexpr const char* kNameFreedAnnotation = "kubectl-migrate.dev/name-freed";
// In spec.accept of a dry run beside spec.dryRun. Every controller refuses a word of spec.accept that it does not know:
// one that is older than spec.dryRun, or is never shown it because the schema is, would begin the migration otherwise.
inline constexpr const char* kDryRunWord = "dry-run";
// Of MigrationNodes: uids of Migrations that are gone, separated by commas, which the node's agent is to forget.
inline constexpr const char* kForgetAnnotation = "kubectl-migrate.dev/forget";
// Labels: of target Pods and placeholders the Migration's name; of namespaces where migrations are allowed.
inline constexpr const char* kMigrationLabel = "kubectl-migrate.dev/migration";
inline constexpr const char* kEnabledLabel = "kubectl-migrate.dev/enabled";
inline constexpr const char* kFinalizer = "kubectl-migrate.dev/clean-up";
// The readiness gate that holds a Pod out of Services, and nothing else.
inline constexpr const char* kLiveGate = "kubectl-migrate.dev/live";

// The ValidatingAdmissionPolicy, and its binding, that keep the name of a StatefulSet's Pod for its Migration.
inline constexpr const char* kNamePolicy = "kubectl-migrate-name-is-held";
inline constexpr const char* kNameHeldCondition = "NameHeld";

// How the message of the step Placing begins while the scheduler finds no node for the target.
inline constexpr const char* kSchedulerSays = "the scheduler says: ";

// What --accept and spec.accept may take the risk of.
inline constexpr std::array<std::string_view, 3> kRisks = {"init-containers", "post-start", "emptydir-loss"};

// The ClusterRole that `enable` binds to the extender's account in a namespace.
inline constexpr const char* kNamespaceRole = "kubectl-migrate-namespace";

}  // namespace migrate
