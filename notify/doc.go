// Package notify receives what WeChat reports: payments, refunds, complaints.
package notify
