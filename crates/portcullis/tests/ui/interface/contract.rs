//! Contracts that are not put together rightly.

mod empty {
    portcullis::contract! {}
}

mod no_interfaces {
    portcullis::contract! { name = "a", interfaces = [] }
}

mod bad_name {
    pub struct CamerasInterface;
    portcullis::contract! { name = "a b", interfaces = [Cameras] }
}

mod misspelt {
    portcullis::contract! { nmae = "a", interfaces = [Cameras] }
}

mod unknown {
    portcullis::contract! { name = "a", interfaces = [Cameras] }
}

mod no_list {
    portcullis::contract! { name = "a", interfaces = Cameras }
}

mod no_function {
    portcullis::schema_main!();
}

mod no_path {
    portcullis::schema_main!("contract");
}

fn main() {}
