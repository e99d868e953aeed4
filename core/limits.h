// Every number that bounds something, in one place, with how they relate; those of logins and TLS
// are in core/limits/, which this includes. The simulation compiles with LEPUS_TINY_LIMITS so that
// edges are met constantly. Sizes are bytes unless the name says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits/logins.h"
#include "core/limits/tiny.h"
#include "core/limits/tls.h"

namespace lepus::core::limits {

// --- Frames and contents (AMQP 0-9-1 section 4.2)
constexpr std::uint32_t frame_size_min = 4096;     ///< The protocol's smallest negotiable frame.
constexpr std::uint32_t frame_size_max = 131'072;  ///< Offered in connection.tune.
constexpr std::uint16_t channel_max = 2047;
/// A content header that announces more is refused before any byte of the body (RabbitMQ's hard
/// cap).
constexpr std::uint64_t body_size_max_hard = 512ULL << 20;
constexpr std::uint64_t message_size_max_default = 128ULL << 20;

/// Tables and arrays may be nested this deep; the outermost table counts as one.
constexpr std::uint32_t field_table_depth_max = 32;

// --- Messages
/// Bodies up to this size live in the message block itself; the rest follows in a chain of chunks.
constexpr std::uint64_t body_inline_max = tiny ? 64 : 128 << 10;
constexpr std::uint64_t body_chunk_size = tiny ? 128 : 128 << 10;
/// Bodies up to this size are copied next to their frame header; larger ones leave by reference.
constexpr std::uint64_t body_copy_max = tiny ? 96 : 8 << 10;

// --- A turn of the loop
constexpr std::size_t mailbox_capacity =
    tiny ? 8 : 4096;  ///< Commands in one ring between two threads.
constexpr std::size_t mailbox_drain_max =
    tiny ? 3 : 1024;  ///< Commands taken from one ring in one turn.
/// A turn that takes so long is a stall: it is counted, and logged with the job that took most of
/// it; one line of a thread in so long a time.
constexpr Nanos turn_stall = 10 * nanos_per_ms;
constexpr Nanos stall_log_interval = 10 * nanos_per_s;
constexpr std::size_t deliveries_per_pump_max = tiny ? 4 : 512;  ///< One queue's share of a turn.
static_assert(mailbox_drain_max <= mailbox_capacity);
/// Shares that a queue delivers at once when a command asks what it holds.
constexpr std::size_t catch_up_shares_max = 8;
/// Changes of the topology that a shard applies in one step, and those that are sent before every
/// shard has applied what came before them: what a definitions file brings may be much more.
constexpr std::size_t topology_piece_max = tiny ? 2 : 64;
constexpr std::size_t topology_unapplied_max = tiny ? 4 : 256;
/// What a shard does in one turn of a change that concerns many: queues that are matched with a
/// policy, bindings that go with an exchange or a queue.
constexpr std::size_t topology_steps_per_turn = tiny ? 3 : 256;
/// Declarations and bindings of one session that are taken from its input while the answer to one
/// before them is awaited, and bytes of their arguments from which on no more are taken.
constexpr std::size_t requests_ahead_max = tiny ? 3 : 255;
constexpr std::size_t requests_ahead_bytes_max = tiny ? 64 : 256 << 10;
static_assert(topology_piece_max <= topology_unapplied_max);
/// Objects that are described for the operator in one turn.
constexpr std::size_t stats_rows_max = tiny ? 3 : 512;

// --- Publishers of a queue that grows although its consumers could take more
/// Ready messages: above twice that the publishers' brake goes on, below that it goes off.
constexpr std::uint64_t brake_length = tiny ? 4 : 2048;
/// As many messages taken in a window, or the consumers' prefetch when that is less, and a queue
/// counts as taken from quickly: 50 000 a second.
constexpr std::uint64_t brake_taken_min = tiny ? 4 : 200;
constexpr Nanos brake_window = 4 * nanos_per_ms;
/// Published since the last brake, or there is no reason for another.
constexpr std::uint64_t brake_published_min = tiny ? 2 : 256;
/// Messages a second that the publishers of one queue may send whatever its consumers take.
constexpr std::int64_t brake_rate_min = 64'000;
constexpr Nanos brake_max = 100 * nanos_per_ms;
/// Who published longer ago is not told, and a queue that was not pumped for as long not watched.
constexpr Nanos brake_memory = nanos_per_s;
/// Queues that one shard watches.
constexpr std::size_t brakes_max = tiny ? 2 : 1024;

// --- Input in a turn of the loop
/// Bytes received that are handed over in one turn: of one socket, and of all. Above the second
/// only pieces up to input_small are. The rest waits in its receive buffers.
constexpr std::size_t input_share = tiny ? 512 : 64 << 10;
constexpr std::size_t input_per_turn = tiny ? 2048 : 512 << 10;
constexpr std::size_t input_small = tiny ? 64 : 4 << 10;
/// Turns in a row in which one socket alone brought input, until its share doubles; it never
/// exceeds input_per_turn.
constexpr std::uint32_t input_lone_turns = tiny ? 4 : 64;
/// A socket that used up its share is received from one buffer a turn, until one brings less.
constexpr std::size_t input_fast_min = tiny ? 128 : 16 << 10;
static_assert(input_small <= input_share && input_share <= input_per_turn);

// --- Descriptors and log
/// Of the process's limit of open files, what client connections leave free: for the journal, the
/// catalog and the operator. A quarter of the limit when that is less.
constexpr std::uint64_t descriptor_reserve = 100;
/// A limit below this is warned of at start.
constexpr std::uint64_t descriptors_low = 4096;
/// Connections that the kernel may hand over at once. While fewer descriptors are left, they are
/// accepted one by one.
constexpr int accept_burst = 4096;
/// Out of descriptors: the next try to accept, unless a connection closed before.
constexpr Nanos accept_retry = nanos_per_s;
/// What a proxy says of a client before its first byte: addresses, and more that is not read.
constexpr std::size_t proxy_header_max = 4096;
/// Between two lines about the same thing that clients can cause as often as they like.
constexpr Nanos log_pause = 60 * nanos_per_s;

// --- Connections that end, or should
/// A socket that takes nothing for so long is reset (tcp_listen_options.send_timeout).
constexpr Nanos send_timeout_default = 15 * nanos_per_s;
/// The client is gone while its input is held for another reason than an alarm: what it sent is
/// waited for, so long.
constexpr Nanos client_gone_wait = 5 * nanos_per_s;
/// After close-ok the client has so long to close the socket, or one heartbeat interval if that is
/// less (RabbitMQ's rule).
constexpr Nanos close_linger = 30 * nanos_per_s;
/// After a login or a handshake that failed, before the socket is closed (RabbitMQ's).
constexpr Nanos handshake_linger = 3 * nanos_per_s;
/// Sockets of a shard that are left to their clients so; with more, the oldest is closed.
constexpr std::size_t lingering_max = tiny ? 3 : 1000;
/// Unread answers of such a client; above it the socket is closed.
constexpr std::size_t lingering_output_max = tiny ? 256 : 64 << 10;
/// Refused logins of a shard that are told so at once, each second; others wait handshake_linger.
constexpr std::uint64_t refusals_per_second = 10;

// --- Flow control
/// Above this much unsent output a connection's consumers get nothing more until half of it left.
constexpr std::size_t send_high_water = tiny ? 2048 : 4 << 20;
/// The same while all connections of the shard have more unsent output than output_bytes_max.
constexpr std::size_t send_high_water_short = tiny ? 512 : 128 << 10;
constexpr std::size_t output_bytes_max = tiny ? 8192 : 64 << 20;
/// Above this much of answers that its client has not taken (get-ok, returns, confirms, ...) a
/// connection is not read.
constexpr std::uint64_t answers_unsent_max = tiny ? 1024 : 4 << 20;
/// Above this much, direct replies to it are dropped.
constexpr std::uint64_t replies_unsent_max = tiny ? 16 << 10 : 64 << 20;
static_assert(answers_unsent_max < replies_unsent_max);
/// Input kept while a connection waits for an answer from another thread; above it the socket is
/// not read.
constexpr std::size_t held_input_max = tiny ? 256 : 256 << 10;
static_assert(send_high_water_short < send_high_water);

/// A client that is stopped by a memory alarm in the middle of a content or a transaction may hold
/// what causes it, and be gone: after so long it is closed, if it has so much of these.
constexpr Nanos content_stop_wait = 30 * nanos_per_s;
constexpr std::uint64_t content_stop_bytes = 1 << 20;

// --- Sends
/// Most pieces of one send, write or read.
constexpr std::uint32_t iov_max = 256;
/// Most bytes of one send op: bounds how long one completion can take and what it keeps alive.
constexpr std::size_t send_size_max = std::size_t{4} << 20;
/// Most contiguous bytes that are reserved in a send chain at once.
constexpr std::size_t send_reserve_max = std::size_t{8} << 10;

// --- Connections
constexpr Nanos close_ok_wait = 5 * nanos_per_s;  ///< After connection.close was sent.
/// How long requests wait for a catalog that another program has locked, before they get an error.
constexpr Nanos store_busy_wait = 5 * nanos_per_s;
constexpr Nanos store_retry_interval = 100 * nanos_per_ms;
constexpr Nanos shutdown_wait = 10 * nanos_per_s;  ///< A whole clean stop.
constexpr std::uint16_t heartbeat_default_s = 60;

// --- Patterns of names
/// Groups in groups, as many as PCRE takes.
constexpr std::size_t pattern_depth_max = 250;
/// Of a pattern with look-arounds: its size in bytes, and sequences it is taken apart into.
constexpr std::size_t pattern_look_size_max = 4096;
constexpr std::size_t pattern_alternatives_max = 32;

/// Memory of a compiled pattern: one that needs more is refused; what matching needs beyond it is
/// given up and made anew.
constexpr std::int64_t pattern_memory_max = std::int64_t{1} << 20;
/// Repetitions of a part of a pattern are counted up to here: wider than any name.
constexpr std::size_t pattern_width_max = std::size_t{1} << 16;

// --- Ids
/// Of virtual hosts, exchanges and queues, which share one counter: no broker gets so far.
constexpr std::uint64_t object_id_max = std::uint64_t{1} << 62;

// --- The operator's requests
/// One argument of a request but for a file that is imported, bytes; and arguments of one request.
constexpr std::size_t admin_argument_max = std::size_t{1} << 20;
constexpr std::size_t admin_arguments_max = 1000;
/// Of a request on the socket: a definitions file comes in one line.
constexpr std::size_t admin_line_max = std::size_t{256} << 20;
/// Unsent output of a session above which listings wait.
constexpr std::size_t admin_output_high = std::size_t{1} << 20;
/// Requests about messages (core/session/session_job.h): of a shard at once; messages that one
/// shows, and takes of a queue in a turn; and bytes of properties and bodies in its answer, but for
/// the last message.
constexpr std::size_t jobs_max = 64;
constexpr std::uint32_t job_gets_max = 1000;
constexpr std::size_t job_gets_per_turn = 64;
constexpr std::size_t job_bytes_max = std::size_t{16} << 20;

// --- The control thread
/// How often it looks at memory, and at what is free on the disk.
constexpr Nanos memory_check_interval = 50 * nanos_per_ms;
constexpr Nanos disk_check_interval = 250 * nanos_per_ms;
/// What the kernel does not say within this time (a disk that is not there any more) is not known.
constexpr Nanos reading_wait_max = 2 * nanos_per_s;
static_assert(disk_check_interval < reading_wait_max);
/// Declarations come in bursts: it looks this long for the next before it sleeps.
constexpr Nanos control_spin = 30 * nanos_per_us;
/// So often the admin thread plans an import while clients change what there is, and so long
/// it waits for a change that may not come.
constexpr int plan_tries_max = 3;
constexpr Nanos plan_base_wait = nanos_per_s;
/// An address that another process uses is waited for so long, and probed so often: a socket of a
/// process that was just killed stays for some 50 ms, one that stops takes longer.
constexpr Nanos listen_wait = 3 * nanos_per_s;
constexpr Nanos listen_probe_interval = 20 * nanos_per_ms;
/// More shards than any machine has CPUs.
constexpr std::uint64_t shards_max = 1024;

// --- Memory that is accounted for by estimate, bytes
/// Beside the object and its long texts: what the tables take that find a queue, an exchange or a
/// binding of the topology; and what the home of a queue keeps of it.
constexpr std::uint64_t topology_entry_overhead = 32;
constexpr std::uint64_t queue_home_memory = 900;
/// A connection without its output, a channel without what it holds, a consumer on both ends.
constexpr std::uint64_t connection_memory = 2048;
constexpr std::uint64_t channel_memory = 1024;
constexpr std::uint64_t consumer_memory = 768;

// --- Memory that the process occupies, beside what is accounted for
/// Of what it occupied at its start, so much does not count against the watermark.
constexpr std::uint64_t resident_base_max = std::uint64_t{64} << 20;
/// It is above the watermark in so many looks in a row, with what is unneeded given back: alarm.
/// Below this share of the watermark (in sixteenths) it is over.
constexpr unsigned resident_looks = 3;
constexpr std::uint64_t resident_clear_sixteenths = 15;
/// While it is, unneeded memory is given back each so many looks, if there is any to speak of.
constexpr unsigned resident_trim_looks = 2;
/// Of a control group's limit that its processes may occupy, percent.
constexpr std::uint64_t cgroup_share_max = 90;

// --- Memory that goes back to the system (tools/server/heap_trimmer.h)
/// So much more is unneeded than the last time, or so much at all and the last time is so long ago.
constexpr std::uint64_t heap_trim_step = std::uint64_t{16} << 20;
constexpr std::uint64_t heap_trim_large = std::uint64_t{64} << 20;
constexpr Nanos heap_trim_large_interval = 60 * nanos_per_s;
/// A shard that holds so much less than it did gives back at once what it frees, until it did not
/// fall for so long (tools/server/memory_fall.h).
constexpr std::uint64_t memory_fall_min = std::uint64_t{32} << 20;
constexpr Nanos memory_fall_rest = nanos_per_s;
/// How often resident memory is looked at; memory is unneeded after so many intervals.
constexpr Nanos heap_trim_interval = nanos_per_s;
constexpr std::size_t heap_trim_window = 5;

// --- Log
/// Lines of one event that a thread writes in one window; events that are told apart by that.
constexpr std::uint32_t log_burst = 20;
constexpr Nanos log_window = nanos_per_s;
constexpr std::size_t log_events_max = 64;
/// Lines of one thread that the writer has not taken yet, bytes; what does not fit is lost and
/// counted.
constexpr std::size_t log_ring_size = 64 << 10;
/// Longer lines, and values in them, are cut.
constexpr std::size_t log_line_max = 4096;
constexpr std::size_t log_value_max = 1024;
static_assert(log_line_max < log_ring_size);
/// The writer sleeps without end only after so long without a line: a suppressed line does not wake
/// it, and is reported when its window is over.
constexpr int log_settle_ms = 1100;
static_assert(log_settle_ms * nanos_per_ms > log_window);
/// Bytes of a log file that may stay in the page cache.
constexpr std::size_t log_cached_max = std::size_t{1} << 20;

// --- Configuration and definitions files
/// A value of the configuration, bytes.
constexpr std::size_t config_value_max = 64 << 10;
/// A name of AMQP: a short string.
constexpr std::size_t name_size_max = 255;
/// One problem or warning of a definitions file, bytes; and lines of the log for all warnings.
constexpr std::size_t definition_finding_size_max = 2000;
constexpr std::size_t definition_log_lines_max = 10;
/// Problems, and warnings, that are listed one by one; the rest is counted.
constexpr std::size_t definition_findings_max = 100;

// --- Durations that users name
/// Of a time to live that clients ask for: ten years, milliseconds (RabbitMQ's limit).
constexpr std::uint64_t expiry_ms_max = 315'360'000'000;
/// About 36 years, milliseconds: adding it to any time of a running process in nanoseconds stays in
/// range. Longer ones are cut.
constexpr std::uint64_t duration_ms_max = 1'152'921'504'606;

// --- Backlog
/// Messages of a queue, or of one of its priorities, as long as it exists; positions count so far.
constexpr std::uint64_t queue_positions_max = std::uint64_t{1} << 55;
constexpr std::size_t backlog_page_slots = tiny ? 4 : 128;

/// Consumers of a session that are found by their tags without an index.
constexpr std::size_t consumers_without_index = tiny ? 1 : 16;
/// Settled deliveries in the middle of a session's unacknowledged ones, and times of messages that
/// are gone, that may stay until memory is closed up.
constexpr std::size_t unacked_holes_min = tiny ? 2 : 1024;
/// Of them, so many are closed with each delivery that is settled.
constexpr std::size_t unacked_holes_per_step = tiny ? 1 : 16;
/// Deliveries of a session that are unacknowledged, in one block of memory (10 KiB).
constexpr std::size_t unacked_block_entries = tiny ? 4 : 256;
constexpr std::size_t expiry_entries_min = tiny ? 4 : 1024;

/// Ids that one queue or exchange with deduplication remembers, bytes: with more, the oldest are
/// forgotten before x-cache-size says so.
constexpr std::uint64_t deduplication_bytes_max = tiny ? 2 << 10 : 64 << 20;
/// Times that queues registered for and that mean nothing any more may be so many, beside twice as
/// many as there are queues.
constexpr std::size_t deadlines_spare = tiny ? 4 : 1024;
/// Of the arguments of a queue, an exchange, a binding or a consumer, bytes.
constexpr std::size_t arguments_size_max = 16 << 10;

// --- Paging: messages whose record is on disk need not stay in memory
/// Messages of one shard beyond this leave memory when they are recorded, bytes.
constexpr std::uint64_t resident_max = tiny ? 1 << 10 : 64 << 20;
/// From the head of a queue on, so many stay: what is consumed soon need not be read again.
constexpr std::uint32_t resident_head_count = tiny ? 2 : 256;
constexpr std::uint64_t resident_head_bytes = tiny ? 256 : 1 << 20;
/// Slots that are looked at, and queues, in one turn.
constexpr std::uint32_t page_out_count = tiny ? 16 : 16'384;
constexpr std::size_t page_out_queues = tiny ? 2 : 64;
/// How far ahead of its head a queue reads, in messages and bytes; less while memory is short.
constexpr std::uint32_t read_ahead_count = tiny ? 6 : 8192;
constexpr std::uint64_t read_ahead_bytes = tiny ? 1 << 10 : 4 << 20;
constexpr std::uint32_t read_ahead_count_short = tiny ? 2 : 256;
constexpr std::uint64_t read_ahead_bytes_short = tiny ? 256 : 256 << 10;

// --- What queues give up
/// Messages of one queue that are on their way elsewhere, or read for it, at a time.
constexpr std::uint32_t leaving_max = tiny ? 2 : 4096;
/// When nobody took one that must not be lost, the next try is after this.
constexpr Nanos leaving_retry = nanos_per_s;
/// Messages that the broker itself publishes at the end of one step (dead letters, copies of the
/// firehose, events), and of them in a row for one queue. More: local publishers wait.
constexpr std::size_t forwards_per_pump = tiny ? 3 : 4096;
constexpr std::size_t forwards_per_queue = tiny ? 2 : 64;
/// Entries of an x-death header, newest first. Who died so often in a row without a rejection ends.
constexpr std::size_t deaths_max = 256;
/// The same while more is to be sent on than forwards_per_pump: where each of some queues sends to
/// all others, one message becomes as many as there are orders of these queues.
constexpr std::size_t deaths_max_behind = 4;
/// Exchanges that may hold one message on its way; into more of them it does not go.
constexpr std::size_t stores_passed_max = tiny ? 4 : 64;
/// Messages that leave one queue in one turn because they expired or a limit drops them; and those
/// of all purged and deleted queues that are thrown away in one turn.
constexpr std::size_t discards_per_turn_max = tiny ? 3 : 16'384;
/// A message that is thrown away counts once more for each so many bytes: giving memory back to the
/// system takes longer than forgetting the message.
constexpr std::size_t discard_bytes = 512;
/// Steps that a shard's sessions do in one turn: messages of a transaction that are published,
/// settled or whose queues are looked for; messages and consumers that are given back at an end;
/// deliveries that are settled many at a time. Steps of ends that are done without waiting for
/// that, each turn; deliveries that are; and steps of one commit.
constexpr std::size_t session_steps_per_turn_max = tiny ? 2 : 8192;
constexpr std::size_t session_steps_at_once_max = tiny ? 3 : 2048;
constexpr std::size_t settles_at_once_max = tiny ? 5 : 16'384;
constexpr std::size_t commit_at_once_max = tiny ? 1 : 256;
/// What messages of one transaction may occupy. A commit is one batch of each shard's journal,
/// which is in memory until it is written, and all that the shard confirms meanwhile waits for it.
constexpr std::uint64_t transaction_bytes_max = std::uint64_t{256} << 20;
/// Messages of one queue whose retry delay is over that go out again in one turn.
constexpr std::size_t releases_per_turn_max = tiny ? 2 : 4096;

// --- Streams
/// What was read back of one stream and may stay in memory; less while memory is short.
constexpr std::uint64_t stream_cache_bytes = tiny ? 4 << 10 : 32 << 20;
constexpr std::uint64_t stream_cache_bytes_pressure = tiny ? 1 << 10 : 2 << 20;
/// How far ahead of a consumer a stream is read, pages and bytes.
constexpr std::uint64_t stream_ahead_pages = tiny ? 2 : 64;
constexpr std::uint64_t stream_ahead_bytes = tiny ? 512 : 2 << 20;
/// Messages that one consumer is offered in one turn at least, however many there are.
constexpr std::size_t stream_share_min = tiny ? 2 : 16;
/// Consumers of one stream whose offset is kept.
constexpr std::size_t stream_names_max = tiny ? 4 : 10'000;
/// Of them, those that were cancelled and have messages to settle.
constexpr std::size_t stream_departed_max = tiny ? 2 : 1'000;
/// Times are kept for offsets by time and for x-max-age, so coarse.
constexpr Nanos stream_time_step = nanos_per_s;

// --- Reading messages back
/// Of one read, unless a single record is larger; records with a gap up to so much are read
/// together.
constexpr std::uint64_t fetch_size_max = tiny ? 8 << 10 : 1 << 20;
constexpr std::uint64_t fetch_gap_max = tiny ? 512 : 32 << 10;
constexpr std::size_t fetches_max = tiny ? 2 : 16;
/// A read that failed is tried again after this, and so often in all.
constexpr Nanos fetch_retry_wait = tiny ? 20 * nanos_per_ms : nanos_per_s;
constexpr std::uint32_t fetch_failures_max = 5;
/// Files that are open for it; kept open without need.
constexpr std::size_t fetch_files_max = tiny ? 2 : 64;
constexpr std::size_t fetch_files_kept = tiny ? 1 : 4;

// --- Files
/// Zeros that are written at once into a new file.
constexpr std::size_t fill_write_size = std::size_t{1} << 20;
/// Reads of one file beside the caller's work.
constexpr std::size_t reads_ahead_max = 4;
/// Of what the kernel says of its sockets, read to find out who has a port.
constexpr std::size_t socket_table_size_max = std::size_t{64} << 20;
/// Between two looks at the system's clock.
constexpr Nanos wall_clock_interval = nanos_per_s;

// --- Catalog
/// Ids that are taken in advance, so that not every commit has to write the page of `last_id`.
/// After a restart those that were not used are left out.
constexpr std::uint64_t ids_reserved = 1000;
/// How long a person's own writing in the file may keep the start waiting, milliseconds.
constexpr int catalog_start_wait_ms = 5000;

/// Objects and lists in one another, in JSON of the catalog.
constexpr std::size_t json_depth_max = 64;

// --- Recovery of a journal
/// Of one read: at first, and at most while the reading goes straight on. What a window keeps in
/// front of it; reads that are under way ahead of the window.
constexpr std::uint64_t recovery_read_min = 64 << 10;
constexpr std::uint64_t recovery_read_max = 1 << 20;
constexpr std::uint64_t recovery_read_kept = 64 << 10;
constexpr std::size_t recovery_reads_ahead = 2;
static_assert(recovery_reads_ahead <= reads_ahead_max);
/// Of one write of the newest segment's records.
constexpr std::uint64_t recovery_write_size = 1 << 20;
/// Steps of a batch whose memory is kept for the next one.
constexpr std::size_t replay_steps_kept = 1024;
/// Messages of a shard that is gone which are taken over between two turns of the loop.
constexpr std::uint64_t import_messages_per_turn = 1024;
/// Queues that the text about a loss names.
constexpr std::size_t loss_queues_named_max = 10;

// --- Journal
/// What had no room, or whose file could not be opened, is tried again after this.
constexpr Nanos journal_retry_wait = nanos_per_s;
/// Of one write; the memory of a batch that is kept for the next one.
constexpr std::size_t journal_write_size_max = std::size_t{1} << 30;
constexpr std::size_t journal_buffer_kept = std::size_t{4} << 20;
/// Files in a row that could not be made, for another reason than room, before that is a fault.
constexpr int spare_failures_max = 3;
/// Free files that are kept: so many, or one for so many in use. Of more, half go each interval.
constexpr std::size_t free_files_min = 4;
constexpr std::size_t free_files_share = 10;
constexpr Nanos free_files_interval = nanos_per_s;
/// Deliveries are announced to the journal this many at a time: after a crash up to so many
/// messages are flagged redelivered although they were not delivered.
constexpr std::uint64_t delivery_watermark_ahead = tiny ? 3 : 1024;
/// Recorded and not yet written, bytes; above it publishers are not read.
constexpr std::uint64_t journal_pending_max = tiny ? 16 << 10 : 32 << 20;
/// Segments that may be in use beyond twice what is live, before old messages are moved. After a
/// move up to three may hold next to nothing: less slack than that, and moving would never end.
constexpr std::uint64_t journal_slack_segments = 4;
/// Read of an old segment in one turn; what of it is live is written again. More when it is late.
constexpr std::uint64_t compaction_piece = tiny ? 8 << 10 : 256 << 10;
constexpr std::uint64_t compaction_piece_late = tiny ? 16 << 10 : 1 << 20;
/// Segments from the oldest that is needed to the newest, with those whose files are lost; so many
/// numbers are left unused at the end of their range, too.
constexpr std::uint64_t journal_segments_max = 1 << 20;
/// Copies of messages that are kept aside (persist/recovery/kept_aside.h): written at once, and in
/// one file.
constexpr std::uint64_t kept_aside_batch_size = 1 << 20;
constexpr std::uint64_t kept_aside_file_size = 64 << 20;
/// A segment whose messages nobody seems to hold is looked at again after this.
constexpr Nanos compaction_retry = 60 * nanos_per_s;

}  // namespace lepus::core::limits
