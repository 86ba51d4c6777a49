//! Calls about schedules.

use doorbell_protocol::{
    ScheduleId,
    schedule::{NewSchedule, OneSchedule, Schedule, ScheduleList},
};
use reqwest::Method;

use super::{Call, CallError, Client};

impl Client {
    /// `POST /v1/schedules`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_schedule(&self, schedule: &NewSchedule) -> Result<Schedule, CallError> {
        let answer: OneSchedule = self.call(Method::POST, "/v1/schedules", schedule).await?;
        Ok(answer.schedule)
    }

    /// `GET /v1/schedules`, oldest first.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn schedules(&self) -> Result<Vec<Schedule>, CallError> {
        let list: ScheduleList = self.get("/v1/schedules").await?;
        Ok(list.schedules)
    }

    /// `PUT /v1/schedules/{id}`: puts `schedule` in the place of what it was.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn replace_schedule(&self, id: ScheduleId, schedule: &NewSchedule) -> Result<Schedule, CallError> {
        let answer: OneSchedule = self.call(Method::PUT, &format!("/v1/schedules/{id}"), schedule).await?;
        Ok(answer.schedule)
    }

    /// `DELETE /v1/schedules/{id}`. What it has queued stays.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn delete_schedule(&self, id: ScheduleId) -> Result<(), CallError> {
        self.send(Call::<()>::new(Method::DELETE, format!("/v1/schedules/{id}"))).await?;
        Ok(())
    }
}
