// The Go client amqp091-go over TLS.
//
// Prints `ok CASE` or `FAIL CASE: reason` for each case, then `end`. Arguments: HOST PORT
// STRICT_PORT DIRECTORY. The broker at PORT takes clients with and without a certificate, the one
// at STRICT_PORT only those with one.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	waitMax   = 20 * time.Second
	user      = "e2e-client" // the common name of the client's certificate
	heartbeat = time.Second
	idle      = 3 * time.Second // who hears nothing for two heartbeats closes the connection
)

var bodies = [][]byte{{}, []byte("one"), []byte("two"), bytes.Repeat([]byte("0123456789abcdef"),
	1<<16)}

var cases = []struct {
	name string
	run  func() error
}{
	{"messages", messages},
	{"wrong_ca", wrongCA},
	{"login_by_certificate", loginByCertificate},
	{"without_certificate", withoutCertificate},
	{"heartbeat", heartbeats},
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

func url(port string) string {
	return fmt.Sprintf("amqps://guest:guest@%s:%s/", os.Args[1], port)
}

func path(name string) string {
	return filepath.Join(os.Args[4], name)
}

// settings are for TLS 1.3 with a check of the broker's certificate against that authority.
func settings(ca string, own ...tls.Certificate) (*tls.Config, error) {
	text, err := os.ReadFile(path(ca + "-ca.pem"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("no certificate in %s", ca)
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, Certificates: own}, nil
}

// withChannel runs `run` with a channel that confirms, and closes the connection.
func withChannel(connection *amqp.Connection, err error, run func(*amqp.Channel) error) error {
	if err != nil {
		return err
	}
	defer connection.Close()
	if version := connection.ConnectionState().Version; version != tls.VersionTLS13 {
		return fmt.Errorf("TLS version %#x", version)
	}
	channel, err := connection.Channel()
	if err != nil {
		return err
	}
	if err := channel.Confirm(false); err != nil {
		return err
	}
	if err := run(channel); err != nil {
		return err
	}
	return connection.Close()
}

func send(channel *amqp.Channel, queue string, message amqp.Publishing) error {
	limit, cancel := context.WithTimeout(context.Background(), waitMax)
	defer cancel()
	confirm, err := channel.PublishWithDeferredConfirm("", queue, true, false, message)
	if err != nil {
		return err
	}
	if acked, err := confirm.WaitContext(limit); err != nil || !acked {
		return fmt.Errorf("not confirmed: %v %v", acked, err)
	}
	return nil
}

func ownQueue(channel *amqp.Channel) (string, error) {
	queue, err := channel.QueueDeclare("", false, false, true, false, nil)
	return queue.Name, err
}

func messages() error {
	config, err := settings("trusted")
	if err != nil {
		return err
	}
	connection, err := amqp.DialTLS(url(os.Args[2]), config)
	return withChannel(connection, err, func(channel *amqp.Channel) error {
		queue, err := ownQueue(channel)
		if err != nil {
			return err
		}
		for _, body := range bodies {
			if err := send(channel, queue, amqp.Publishing{Body: body}); err != nil {
				return err
			}
		}
		deliveries, err := channel.Consume(queue, "", false, false, false, false, nil)
		if err != nil {
			return err
		}
		for n, body := range bodies {
			select {
			case delivery := <-deliveries:
				if !bytes.Equal(delivery.Body, body) {
					return fmt.Errorf("message %d has another body of %d bytes", n, len(delivery.Body))
				}
				if err := delivery.Ack(false); err != nil {
					return err
				}
			case <-time.After(waitMax):
				return fmt.Errorf("message %d did not come", n)
			}
		}
		return nil
	})
}

// refused tells whether a connection failed for that reason.
func refused(connection *amqp.Connection, err error, reason string) error {
	if err == nil {
		connection.Close()
		return fmt.Errorf("not refused, %q wanted", reason)
	}
	if !strings.Contains(err.Error(), reason) {
		return fmt.Errorf("refused with %q, %q wanted", err, reason)
	}
	return nil
}

func wrongCA() error {
	config, err := settings("other")
	if err != nil {
		return err
	}
	connection, err := amqp.DialTLS(url(os.Args[2]), config)
	return refused(connection, err, "certificate signed by unknown authority")
}

func loginByCertificate() error {
	own, err := tls.LoadX509KeyPair(path("trusted-client.pem"), path("trusted-client.key"))
	if err != nil {
		return err
	}
	config, err := settings("trusted", own)
	if err != nil {
		return err
	}
	for _, port := range os.Args[2:4] {
		connection, err := amqp.DialTLS_ExternalAuth(url(port), config)
		err = withChannel(connection, err, func(channel *amqp.Channel) error {
			queue, err := ownQueue(channel)
			if err != nil {
				return err
			}
			// Only the user's own name is taken as the user-id of a message.
			return send(channel, queue, amqp.Publishing{Body: []byte("m"), UserId: user})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func withoutCertificate() error {
	config, err := settings("trusted")
	if err != nil {
		return err
	}
	connection, err := amqp.DialTLS(url(os.Args[3]), config)
	return refused(connection, err, "certificate required")
}

func heartbeats() error {
	config, err := settings("trusted")
	if err != nil {
		return err
	}
	connection, err := amqp.DialConfig(url(os.Args[2]),
		amqp.Config{Heartbeat: heartbeat, TLSClientConfig: config})
	return withChannel(connection, err, func(channel *amqp.Channel) error {
		closed := channel.NotifyClose(make(chan *amqp.Error, 1))
		select {
		case reason := <-closed:
			return reason
		case <-time.After(idle): // heartbeats go both ways meanwhile
		}
		_, err := ownQueue(channel)
		return err
	})
}
