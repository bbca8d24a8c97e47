"""What is kept, one noun a file."""

from lifang_volunteer_points.models.activity import Activity as Activity
from lifang_volunteer_points.models.activity import Shift as Shift
from lifang_volunteer_points.models.activity import SignUp as SignUp
from lifang_volunteer_points.models.certificate import Certificate as Certificate
from lifang_volunteer_points.models.record import COUNTED as COUNTED
from lifang_volunteer_points.models.record import ServiceRecord as ServiceRecord
from lifang_volunteer_points.models.shop import Item as Item
from lifang_volunteer_points.models.shop import Redemption as Redemption
from lifang_volunteer_points.models.star import Star as Star
from lifang_volunteer_points.models.time_bank import TimeDraw as TimeDraw
from lifang_volunteer_points.models.volunteer import Award as Award
from lifang_volunteer_points.models.volunteer import Team as Team
from lifang_volunteer_points.models.volunteer import Training as Training
from lifang_volunteer_points.models.volunteer import Volunteer as Volunteer
