// Answers as text: every value of the answer is shown where rabbitmqctl has it.
#include <gtest/gtest.h>

#include "tools/ctl/run.h"

namespace lepus::ctl {
namespace {

TEST(ClusterStatusText, ShowsTheNode) {
  const std::string text = cluster_status_text(
      R"({"cluster_name":"east","disk_nodes":["lepus@h"],"running_nodes":[],)"
      R"("versions":{"lepus@h":{"rabbitmq_name":"RabbitMQ","rabbitmq_version":"3.12.1",)"
      R"("lepus_version":"0.1"}},"cpu_cores":{"lepus@h":8},)"
      R"("maintenance_status":{"lepus@h":"not under maintenance"},"alarms":["memory"],)"
      R"("listeners":{"lepus@h":[{"node":"lepus@h","interface":"[::]","port":5672,)"
      R"("protocol":"amqp","purpose":"AMQP 0-9-1"}]}})");
  EXPECT_EQ(text,
            "Basics\n\nCluster name: east\n"
            "\nDisk Nodes\n\nlepus@h\n"
            "\nRunning Nodes\n\n(none)\n"
            "\nVersions\n\nlepus@h: RabbitMQ 3.12.1, Lepus 0.1\n"
            "\nCPU Cores\n\nNode: lepus@h, available CPU cores: 8\n"
            "\nMaintenance status\n\nNode: lepus@h, status: not under maintenance\n"
            "\nAlarms\n\nmemory\n"
            "\nNetwork Partitions\n\n(none)\n"
            "\nListeners\n\nNode: lepus@h, interface: [::], port: 5672, protocol: amqp, purpose: "
            "AMQP 0-9-1\n");
}

TEST(ClusterStatusText, IsEmptyForWhatIsNoObject) { EXPECT_EQ(cluster_status_text("[1]"), ""); }

}  // namespace
}  // namespace lepus::ctl
