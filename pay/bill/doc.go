// Package bill is the one room for statements: it asks for a day's trade or fund
// flow bill, downloads it into a spool on disk, proves it by its digest, and only
// then hands out rows, by column name and with exact decimals.
//
//	bills := bill.New(m)
//	ticket, err := bills.Trade(ctx, bill.TradeRequest{Date: bill.DayOf(yesterday), TarType: bill.GZIP})
//	if err != nil {
//		return err // errors.Is(err, bill.ErrNoStatement): nothing happened that day
//	}
//	file, err := bills.Download(ctx, ticket)
//	if err != nil {
//		return err // damaged, cut, or not what the ticket promised: nothing is left on disk
//	}
//	defer file.Close()
//	for row, err := range file.Trades() {
//		if err != nil {
//			return err
//		}
//		fmt.Println(row.OutTradeNo, row.OrderAmount, row.State)
//	}
//
// Memory stays the same at any size: a bill of hundreds of megabytes is never held
// whole. Rows of an older generation's file are read by the same code through Read.
//
// Adverse inputs and their tests: 59, 60, 61 and 63 in file_test.go, 62 in
// rows_test.go, 64 in decimal_test.go.
package bill
