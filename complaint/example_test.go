package complaint_test

import (
	"fmt"

	"github.com/wxcommerce/wechat/complaint"
)

// What a shop may do depends on where the complaint stands.
func ExampleComplaint_Allows() {
	c := complaint.Complaint{ID: "200201820200101080076610000", State: complaint.StatePending, ProblemType: complaint.ProblemRefund}
	for _, a := range []complaint.Action{complaint.Reply, complaint.Reject, complaint.Complete} {
		next, _ := c.State.Next(a)
		fmt.Println(a, next, c.Allows(a))
	}
	// Output:
	// reply PROCESSING <nil>
	// reject the refund PROCESSED <nil>
	// complete  complaint: not possible now: cannot complete: the complaint is PENDING
}
