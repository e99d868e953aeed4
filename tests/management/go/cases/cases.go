// Package cases runs the cases of a program and prints a line for each, as run.py reads them.
//
// A case is a function that fails by one of the checks of this package, which panic. Programs are
// called with URL AMQP_PORT METRICS_URL DIR.
package cases

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
)

const waitMax = 20 * time.Second

// Broker is what the cases ask: its HTTP API as a client, and where it speaks AMQP.
type Broker struct {
	*rabbithole.Client
	URL, AMQPPort string
}

type failure struct{ text string }

// Run calls the cases in their order and ends the program.
func Run(names []string, table map[string]func(*Broker)) {
	client, err := rabbithole.NewClient(os.Args[1], "guest", "guest")
	if err != nil {
		panic(err)
	}
	client.SetTimeout(waitMax)
	failed := 0
	for _, name := range names {
		if text := one(table[name], &Broker{client, os.Args[1], os.Args[2]}); text != "" {
			fmt.Printf("FAIL %s: %s\n", name, strings.Join(strings.Fields(text), " "))
			failed++
		} else {
			fmt.Println("ok", name)
		}
	}
	fmt.Println("end")
	os.Exit(min(failed, 99))
}

func one(run func(*Broker), broker *Broker) (text string) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case failure:
			text = reason.text
		default:
			text = fmt.Sprintf("panic: %v", reason)
		}
	}()
	run(broker)
	return ""
}

// Fail ends the case.
func Fail(format string, arguments ...any) {
	panic(failure{fmt.Sprintf(format, arguments...)})
}

// Must ends the case when there is an error.
func Must(err error) {
	if err != nil {
		Fail("%v", err)
	}
}

// Got returns what a call gave that must not fail.
func Got[T any](value T, err error) T {
	Must(err)
	return value
}

// Equal ends the case when two values differ.
func Equal(got, wanted any, what string) {
	if !reflect.DeepEqual(got, wanted) {
		Fail("%s: got %#v, wanted %#v", what, got, wanted)
	}
}

// True ends the case when the condition does not hold.
func True(condition bool, format string, arguments ...any) {
	if !condition {
		Fail(format, arguments...)
	}
}

// Refused returns the answer of the broker to a call that must fail with this status.
func Refused(err error, status int, what string) rabbithole.ErrorResponse {
	var answer rabbithole.ErrorResponse
	True(errors.As(err, &answer), "%s: got %v, wanted an error of the broker", what, err)
	Equal(answer.StatusCode, status, what)
	True(answer.Message != "" && answer.Reason != "", "%s: no reason in %+v", what, answer)
	return answer
}

// Within waits until the condition holds.
func Within(condition func() bool, what string) {
	for end := time.Now().Add(waitMax); !condition(); time.Sleep(50 * time.Millisecond) {
		True(time.Now().Before(end), "%s: not within %s", what, waitMax)
	}
}

// Find returns the item that fits.
func Find[T any](items []T, fits func(T) bool, what string) T {
	for _, item := range items {
		if fits(item) {
			return item
		}
	}
	Fail("%s: not among %d", what, len(items))
	panic("unreachable")
}

// Name is one that no other case or run has.
func Name(what string) string {
	return fmt.Sprintf("management.%s.%s", what, strings.ToLower(rand.Text()[:12]))
}

// InVhost calls `run` with a virtual host of its own, deleted with all in it afterwards.
func InVhost(broker *Broker, run func(vhost string)) {
	vhost := Name("vhost")
	Got(broker.PutVhost(vhost, rabbithole.VhostSettings{}))
	defer broker.DeleteVhost(vhost)
	Got(broker.UpdatePermissionsIn(vhost, "guest",
		rabbithole.Permissions{Configure: ".*", Write: ".*", Read: ".*"}))
	run(vhost)
}

// IsBefore tells whether this is a RabbitMQ older than the version, which has less. A Lepus never
// is, whatever version it is configured to tell.
func IsBefore(broker *Broker, major, minor int) bool {
	var got [2]int
	if Got(broker.ListDefinitions()).ProductName != "RabbitMQ" {
		return false
	}
	version := Got(broker.Overview()).RabbitMQVersion
	if _, err := fmt.Sscanf(version, "%d.%d", &got[0], &got[1]); err != nil {
		Fail("version %q: %v", version, err)
	}
	return got[0] < major || got[0] == major && got[1] < minor
}
