// The Go client amqp091-go: the whole life of queues and messages, and being told off.
//
// Prints `ok CASE` or `FAIL CASE: reason` for each case, then `end`. Arguments: HOST PORT.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const waitMax = 20 * time.Second

var cases = []struct {
	name string
	run  func() error
}{
	{"publish_and_consume_in_order", withChannel(publishAndConsume)},
	{"deferred_confirms", withChannel(deferredConfirms)},
	{"mandatory_return", withChannel(mandatoryReturn)},
	{"properties_and_headers", withChannel(propertiesAndHeaders)},
	{"large_body", withChannel(largeBody)},
	{"get_nack_and_redelivery", withChannel(getNackAndRedelivery)},
	{"exchanges_and_bindings", withChannel(exchangesAndBindings)},
	{"transaction", withChannel(transaction)},
	{"cancelled_when_the_queue_goes", withChannel(cancelledWhenQueueGoes)},
	{"many_channels_at_once", manyChannels},
	{"told_off_404", withChannel(toldOff404)},
	{"told_off_406", withChannel(toldOff406)},
	{"told_off_406_unknown_tag", withChannel(toldOffUnknownTag)},
	{"flow_stops_deliveries", withChannel(flowStopsDeliveries)},
	{"told_off_403_exclusive_consumer", withChannel(toldOffExclusive)},
	{"told_off_403_credentials", toldOffCredentials},
	{"told_off_530_virtual_host", toldOffVirtualHost},
}

func main() {
	failures := 0
	for _, one := range cases {
		if err := withDeadline(one.run); err != nil {
			failures++
			fmt.Printf("FAIL %s: %s\n", one.name, strings.Join(strings.Fields(err.Error()), " "))
			continue
		}
		fmt.Printf("ok %s\n", one.name)
	}
	fmt.Println("end")
	os.Exit(min(failures, 99))
}

// withDeadline runs one case; a case that hangs is left behind and reported.
func withDeadline(run func() error) error {
	done := make(chan error, 1)
	go func() { done <- run() }()
	select {
	case err := <-done:
		return err
	case <-time.After(2 * waitMax):
		return fmt.Errorf("no end after %v", 2*waitMax)
	}
}

func url(password, vhost string) string {
	return fmt.Sprintf("amqp://guest:%s@%s:%s/%s", password, os.Args[1], os.Args[2], vhost)
}

// withChannel gives a case a channel of a connection of its own.
func withChannel(run func(*amqp.Channel) error) func() error {
	return func() error {
		connection, err := amqp.Dial(url("guest", ""))
		if err != nil {
			return err
		}
		defer connection.Close()
		channel, err := connection.Channel()
		if err != nil {
			return err
		}
		return run(channel)
	}
}

var nameCount atomic.Int64

// uniqueName is a name for a queue or exchange that no other case or run has.
func uniqueName(what string) string {
	return fmt.Sprintf("e2e.%s.%d.%x.%d", what, os.Getpid(), time.Now().UnixNano(), nameCount.Add(1))
}

func ownQueue(channel *amqp.Channel) (string, error) {
	queue, err := channel.QueueDeclare(uniqueName("go"), false, false, true, false, nil)
	return queue.Name, err
}

func publish(channel *amqp.Channel, key, body string) error {
	return channel.PublishWithContext(context.Background(), "", key, false, false,
		amqp.Publishing{Body: []byte(body)})
}

// next takes one delivery of a consumer, or tells that none came.
func next(deliveries <-chan amqp.Delivery) (amqp.Delivery, error) {
	select {
	case delivery, open := <-deliveries:
		if !open {
			return delivery, fmt.Errorf("the consumer was closed")
		}
		return delivery, nil
	case <-time.After(waitMax):
		return amqp.Delivery{}, fmt.Errorf("no delivery within %v", waitMax)
	}
}

func equal(what string, got, wanted any) error {
	if reflect.DeepEqual(got, wanted) {
		return nil
	}
	return fmt.Errorf("%s: got %#v, wanted %#v", what, got, wanted)
}

// refused checks that `err` is the broker's error with that code and text.
func refused(err error, code int, text string) error {
	refusal, is := err.(*amqp.Error)
	if !is {
		return fmt.Errorf("not refused by the broker: %v", err)
	}
	if refusal.Code != code || refusal.Reason != text {
		return fmt.Errorf("got %d %q, wanted %d %q", refusal.Code, refusal.Reason, code, text)
	}
	return nil
}

// first returns the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func publishAndConsume(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	if err := first(err, channel.Qos(20, 0, false)); err != nil {
		return err
	}
	deliveries, err := channel.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	for n := 0; n < 300; n++ {
		if err := publish(channel, queue, fmt.Sprint(n)); err != nil {
			return err
		}
	}
	for n := 0; n < 300; n++ {
		delivery, err := next(deliveries)
		if err := first(err, equal("body", string(delivery.Body), fmt.Sprint(n)),
			delivery.Ack(false)); err != nil {
			return err
		}
	}
	return nil
}

func deferredConfirms(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	if err := first(err, channel.Confirm(false)); err != nil {
		return err
	}
	var waiting []*amqp.DeferredConfirmation
	for n := 0; n < 500; n++ {
		one, err := channel.PublishWithDeferredConfirm("", queue, false, false,
			amqp.Publishing{Body: []byte("m"), DeliveryMode: amqp.Persistent})
		if err != nil {
			return err
		}
		waiting = append(waiting, one)
	}
	ctx, cancel := context.WithTimeout(context.Background(), waitMax)
	defer cancel()
	for _, one := range waiting {
		acked, err := one.WaitContext(ctx)
		if err := first(err, equal("confirmed", acked, true)); err != nil {
			return err
		}
	}
	purged, err := channel.QueuePurge(queue, false)
	return first(err, equal("purged", purged, 500))
}

func mandatoryReturn(channel *amqp.Channel) error {
	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	key := uniqueName("absent")
	err := channel.PublishWithContext(context.Background(), "", key, true, false,
		amqp.Publishing{Body: []byte("lost")})
	if err != nil {
		return err
	}
	select {
	case got := <-returns:
		return first(equal("code", got.ReplyCode, uint16(312)),
			equal("text", got.ReplyText, "NO_ROUTE"), equal("key", got.RoutingKey, key),
			equal("body", string(got.Body), "lost"))
	case <-time.After(waitMax):
		return fmt.Errorf("no return within %v", waitMax)
	}
}

func propertiesAndHeaders(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	if err != nil {
		return err
	}
	sent := amqp.Publishing{
		Headers: amqp.Table{
			"byte": byte(1), "int16": int16(-2), "int32": int32(-3), "int64": int64(1) << 40,
			"float32": float32(0.5), "float64": 0.25, "text": "ünï", "bool": true, "none": nil,
			"time": time.Unix(1700000000, 0), "bytes": []byte{0, 255},
			"decimal": amqp.Decimal{Scale: 2, Value: 314},
			"list":    []any{int32(1), "two"}, "table": amqp.Table{"deep": amqp.Table{"er": int32(1)}},
		},
		ContentType: "text/plain", ContentEncoding: "utf-8", DeliveryMode: 2, Priority: 3,
		CorrelationId: "c", ReplyTo: "r", Expiration: "60000", MessageId: "m",
		Timestamp: time.Unix(1700000000, 0), Type: "kind", UserId: "guest", AppId: "e2e",
		Body: []byte("body"),
	}
	err = channel.PublishWithContext(context.Background(), "", queue, false, false, sent)
	if err != nil {
		return err
	}
	got, ok, err := channel.Get(queue, true)
	return first(err, equal("message there", ok, true),
		equal("headers", got.Headers, sent.Headers), equal("type", got.Type, sent.Type),
		equal("content type", got.ContentType, sent.ContentType),
		equal("mode and priority", [2]uint8{got.DeliveryMode, got.Priority}, [2]uint8{2, 3}),
		equal("expiration", got.Expiration, sent.Expiration),
		equal("timestamp", got.Timestamp.Unix(), sent.Timestamp.Unix()),
		equal("ids", [4]string{got.CorrelationId, got.MessageId, got.UserId, got.AppId},
			[4]string{"c", "m", "guest", "e2e"}))
}

func largeBody(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	body := strings.Repeat("0123456789", 500_000)
	if err := first(err, publish(channel, queue, body)); err != nil {
		return err
	}
	got, _, err := channel.Get(queue, true)
	return first(err, equal("5 MB come back unchanged", bytes.Equal(got.Body, []byte(body)), true))
}

func getNackAndRedelivery(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	if err := first(err, publish(channel, queue, "again")); err != nil {
		return err
	}
	once, ok, err := channel.Get(queue, false)
	if err := first(err, equal("there", ok, true), equal("redelivered", once.Redelivered, false),
		once.Nack(false, true)); err != nil {
		return err
	}
	twice, ok, err := channel.Get(queue, false)
	if err := first(err, equal("there again", ok, true),
		equal("redelivered", twice.Redelivered, true), twice.Reject(false)); err != nil {
		return err
	}
	_, ok, err = channel.Get(queue, false)
	return first(err, equal("there after reject", ok, false))
}

func exchangesAndBindings(channel *amqp.Channel) error {
	source, target := uniqueName("source"), uniqueName("target")
	queue, err := ownQueue(channel)
	if err := first(err,
		channel.ExchangeDeclare(source, "topic", false, true, false, false, nil),
		channel.ExchangeDeclare(target, "fanout", false, true, true, false, nil),
		channel.ExchangeBind(target, "*.go.#", source, false, nil),
		channel.QueueBind(queue, "", target, false, nil)); err != nil {
		return err
	}
	for _, key := range []string{"a.go", "go", "b.go.far", "a.stop"} {
		err := channel.PublishWithContext(context.Background(), source, key, false, false,
			amqp.Publishing{Body: []byte(key)})
		if err != nil {
			return err
		}
	}
	for _, wanted := range []string{"a.go", "b.go.far", ""} {
		got, _, err := channel.Get(queue, true)
		if err := first(err, equal("body", string(got.Body), wanted)); err != nil {
			return err
		}
	}
	return channel.ExchangeUnbind(target, "*.go.#", source, false, nil)
}

func transaction(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	if err := first(err, channel.Tx(), publish(channel, queue, "never"), channel.TxRollback(),
		publish(channel, queue, "kept"), channel.TxCommit()); err != nil {
		return err
	}
	got, _, err := channel.Get(queue, true)
	if err := first(err, equal("body", string(got.Body), "kept")); err != nil {
		return err
	}
	_, ok, err := channel.Get(queue, true)
	return first(err, equal("anything left", ok, false))
}

func cancelledWhenQueueGoes(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	if err != nil {
		return err
	}
	cancelled := channel.NotifyCancel(make(chan string, 1))
	deliveries, err := channel.Consume(queue, "mine", false, false, false, false, nil)
	if err != nil {
		return err
	}
	if _, err := channel.QueueDelete(queue, false, false, false); err != nil {
		return err
	}
	select {
	case tag := <-cancelled:
		_, open := <-deliveries
		return first(equal("tag", tag, "mine"), equal("deliveries go on", open, false))
	case <-time.After(waitMax):
		return fmt.Errorf("no cancel within %v", waitMax)
	}
}

// manyChannels publishes on forty channels of one connection at the same time.
func manyChannels() error {
	connection, err := amqp.Dial(url("guest", ""))
	if err != nil {
		return err
	}
	defer connection.Close()
	done := make(chan error, 40)
	for range cap(done) {
		channel, err := connection.Channel()
		if err != nil {
			return err
		}
		go func() { done <- deferredConfirms(channel) }()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			return err
		}
	}
	return nil
}

func toldOff404(channel *amqp.Channel) error {
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	name := uniqueName("absent")
	text := fmt.Sprintf("NOT_FOUND - no queue '%s' in vhost '/'", name)
	_, err := channel.QueueDeclarePassive(name, false, false, false, false, nil)
	if err := refused(err, 404, text); err != nil {
		return err
	}
	notice := <-closed
	return first(equal("from the server", notice.Server, true),
		equal("recoverable", notice.Recover, true))
}

func toldOff406(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	if err != nil {
		return err
	}
	_, err = channel.QueueDeclare(queue, false, true, true, false, nil)
	return refused(err, 406, fmt.Sprintf("PRECONDITION_FAILED - inequivalent arg 'auto_delete' "+
		"for queue '%s' in vhost '/': received 'true' but current is 'false'", queue))
}

func toldOffUnknownTag(channel *amqp.Channel) error {
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	if err := channel.Ack(7, false); err != nil {
		return err
	}
	select {
	case err := <-closed:
		return refused(err, 406, "PRECONDITION_FAILED - unknown delivery tag 7")
	case <-time.After(waitMax):
		return fmt.Errorf("the channel was not closed within %v", waitMax)
	}
}

func flowStopsDeliveries(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	if err != nil {
		return err
	}
	deliveries, err := channel.Consume(queue, "", true, false, false, false, nil)
	if err != nil {
		return err
	}
	if err := channel.Flow(false); err != nil {
		return err
	}
	if err := publish(channel, queue, "waits"); err != nil {
		return err
	}
	state, err := channel.QueueDeclarePassive(queue, false, true, true, false, nil)
	if err != nil {
		return err
	}
	if state.Messages != 1 {
		return fmt.Errorf("%d messages wait while stopped, wanted 1", state.Messages)
	}
	if err := channel.Flow(true); err != nil {
		return err
	}
	if body := string((<-deliveries).Body); body != "waits" {
		return fmt.Errorf("delivered then: %q", body)
	}
	return nil
}

func toldOffExclusive(channel *amqp.Channel) error {
	queue, err := ownQueue(channel)
	if err != nil {
		return err
	}
	if _, err := channel.Consume(queue, "a", false, true, false, false, nil); err != nil {
		return err
	}
	_, err = channel.Consume(queue, "b", false, false, false, false, nil)
	return refused(err, 403,
		fmt.Sprintf("ACCESS_REFUSED - queue '%s' in vhost '/' in exclusive use", queue))
}

func toldOffCredentials() error {
	_, err := amqp.Dial(url("wrong", ""))
	if err != amqp.ErrCredentials {
		return fmt.Errorf("got %v, wanted %v", err, amqp.ErrCredentials)
	}
	return nil
}

func toldOffVirtualHost() error {
	_, err := amqp.Dial(url("guest", "absent"))
	if err == nil {
		return fmt.Errorf("an absent virtual host was opened")
	}
	return refused(err, 530, "NOT_ALLOWED - vhost absent not found")
}
