//! Calls about schedules.

use doorbell_protocol::{
    ScheduleId, routes,
    schedule::{NewSchedule, Schedule},
};

use super::{CallError, Client};

impl Client {
    /// `POST /v1/schedules`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_schedule(&self, schedule: &NewSchedule) -> Result<Schedule, CallError> {
        Ok(self.call_with(&routes::CREATE_SCHEDULE, (), schedule).await?.schedule)
    }

    /// `GET /v1/schedules`, oldest first.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn schedules(&self) -> Result<Vec<Schedule>, CallError> {
        Ok(self.call(&routes::LIST_SCHEDULES, (), &()).await?.schedules)
    }

    /// `PUT /v1/schedules/{id}`: replaces the schedule by `schedule`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn replace_schedule(&self, id: ScheduleId, schedule: &NewSchedule) -> Result<Schedule, CallError> {
        Ok(self.call_with(&routes::REPLACE_SCHEDULE, id, schedule).await?.schedule)
    }

    /// `DELETE /v1/schedules/{id}`. Jobs that it has queued stay.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn delete_schedule(&self, id: ScheduleId) -> Result<(), CallError> {
        self.act(&routes::DELETE_SCHEDULE, id).await
    }
}
