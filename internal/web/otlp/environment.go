package otlp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// Base is a URL that metrics are pushed to when a receiver's address is given: an address without a path
// gets OTLP's own.
func Base(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Path != "" && u.Path != "/" {
		return text
	}
	return u.JoinPath("v1", "metrics").String()
}

// Environment reads the variables of OpenTelemetry that speak of OTLP's metrics. What is particular to metrics
// outranks what is said of all signals. URL is empty where none names a receiver, or where one says that
// metrics are not to be sent. No error repeats a value.
func Environment(lookup func(string) string) (Options, error) {
	particular := func(name string) string {
		if value := lookup("OTEL_EXPORTER_OTLP_METRICS_" + name); value != "" {
			return value
		}
		return lookup("OTEL_EXPORTER_OTLP_" + name)
	}
	o := Options{URL: lookup("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"), Interval: DefaultInterval, Timeout: DefaultTimeout}
	if all := lookup("OTEL_EXPORTER_OTLP_ENDPOINT"); o.URL == "" && all != "" {
		u, err := url.Parse(all)
		if err != nil {
			return o, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT: not a URL")
		}
		o.URL = u.JoinPath("v1", "metrics").String()
	}
	if strings.EqualFold(lookup("OTEL_SDK_DISABLED"), "true") || lookup("OTEL_METRICS_EXPORTER") == "none" {
		o.URL = ""
	}
	switch particular("COMPRESSION") {
	case "", "gzip":
	case "none":
		o.Plain = true
	default:
		return o, errors.New("OTEL_EXPORTER_OTLP_COMPRESSION: neither gzip nor none")
	}
	if p := particular("PROTOCOL"); p != "" && p != "http/protobuf" {
		return o, errors.New("OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is spoken here")
	}
	var err error
	if o.Headers, err = pairs(particular("HEADERS")); err == nil {
		err = CheckHeaders(o.Headers)
	}
	if err != nil {
		return o, fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: %w", err)
	}
	if o.Timeout, err = milliseconds(particular("TIMEOUT"), o.Timeout); err != nil {
		return o, fmt.Errorf("OTEL_EXPORTER_OTLP_TIMEOUT: %w", err)
	}
	if o.Interval, err = milliseconds(lookup("OTEL_METRIC_EXPORT_INTERVAL"), o.Interval); err != nil {
		return o, fmt.Errorf("OTEL_METRIC_EXPORT_INTERVAL: %w", err)
	}
	if o.Resource, err = pairs(lookup("OTEL_RESOURCE_ATTRIBUTES")); err != nil {
		return o, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	if name := lookup("OTEL_SERVICE_NAME"); name != "" {
		o.Resource["service.name"] = name
	}
	o.TLS, err = certificates(particular("CERTIFICATE"), particular("CLIENT_CERTIFICATE"), particular("CLIENT_KEY"))
	return o, err
}

// pairs reads name=value,name=value, each percent-encoded.
func pairs(text string) (map[string]string, error) {
	all := map[string]string{}
	for one := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		name, value, ok := strings.Cut(one, "=")
		name, errName := url.PathUnescape(strings.TrimSpace(name))
		value, errValue := url.PathUnescape(strings.TrimSpace(value))
		if !ok || name == "" || errName != nil || errValue != nil {
			return nil, errors.New("not a list of NAME=VALUE with commas between")
		}
		all[name] = value
	}
	return all, nil
}

// CheckHeaders says whether headers may be sent.
func CheckHeaders(headers map[string]string) error {
	for name, value := range headers {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return errors.New("not the name and the value of an HTTP header")
		}
	}
	return nil
}

// milliseconds is a time from a second to an hour.
func milliseconds(text string, otherwise time.Duration) (time.Duration, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 || n > 3_600_000 {
		return otherwise, errors.New("not a number of milliseconds from 1000 to 3600000")
	}
	return time.Duration(n) * time.Millisecond, nil
}

// certificates makes the settings of TLS of files; nil without any.
func certificates(authorities, cert, key string) (*tls.Config, error) {
	if authorities == "" && cert == "" && key == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities != "" {
		text, err := os.ReadFile(authorities)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CERTIFICATE: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New("OTEL_EXPORTER_OTLP_CERTIFICATE: no certificate in PEM in it")
		}
	}
	if cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and its key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
